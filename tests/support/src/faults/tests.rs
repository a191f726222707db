use super::{Authority, Fault, Proxy};
use crate::google::{Config, Matching, StandIn};

async fn ask(client: &reqwest::Client, proxy: &Proxy) -> reqwest::Result<(u16, String)> {
    let response = client.get(format!("{}/v1/projects/demo", proxy.url())).send().await?;
    Ok((response.status().as_u16(), response.text().await?))
}

async fn google() -> StandIn {
    let google = StandIn::start(Config::default()).await;
    google.put_project("demo", "1");
    google
}

#[tokio::test]
async fn faults_meet_their_calls_and_then_the_server_answers() {
    let google = google().await;
    let proxy = Proxy::start(&google.url()).await;
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    for fault in [Fault::Closed, Fault::Cut] {
        proxy.fail(Matching::path("/v1/*"), fault.clone(), 1);
        // A request without effects is sent again by itself when a kept connection was closed.
        assert!(
            ask(&reqwest::Client::builder().no_proxy().build().unwrap(), &proxy).await.is_err(),
            "{fault:?}"
        );
    }
    proxy.fail(Matching::path("/v1/*"), Fault::Status(503), 1);
    assert_eq!(ask(&client, &proxy).await.unwrap().0, 503);
    proxy.fail(Matching::path("/v1/*"), Fault::Garbage, 1);
    let (_, broken) = ask(&client, &proxy).await.unwrap();
    let (status, whole) = ask(&client, &proxy).await.unwrap();
    assert!(status == 200 && whole.starts_with(&broken) && broken.len() == whole.len() / 2);
}

#[tokio::test]
async fn only_who_knows_the_authority_believes_its_servers() {
    let google = google().await;
    let authority = Authority::make();
    let proxy = Proxy::start_tls(&google.url(), &authority).await;
    let plain = reqwest::Client::builder().no_proxy().build().unwrap();
    assert!(ask(&plain, &proxy).await.is_err());
    let known = reqwest::Certificate::from_pem(authority.pem().as_bytes()).unwrap();
    let knowing = reqwest::Client::builder().no_proxy().tls_certs_merge([known]).build().unwrap();
    assert_eq!(ask(&knowing, &proxy).await.unwrap().0, 200);
}
