//! What goes wrong in one place is missing there, and everything else is read.

use std::time::{Duration, Instant};

use cloakrun::snapshot::Fact;
use cloakrun_test_support::google::{ALWAYS, Config, Fault, Hint, Matching, StandIn, demo};

use super::support::*;

async fn shop() -> StandIn {
    let google = StandIn::start(Config::default()).await;
    demo(&google);
    google
}

#[test]
fn a_region_that_refuses_is_missing_and_the_others_are_read() {
    run(async {
        let google = shop().await;
        google.deny("run.services.list", "projects/demo/locations/us-central1");
        let answers = World::of(&google).read().await.unwrap();
        let project = project(&answers);
        let untold = untold(project, Fact::Services);
        assert_eq!(untold.region.as_deref(), Some("us-central1"));
        assert_eq!(untold.grant.as_deref(), Some("`run.services.list` (roles/run.viewer)"));
        assert_eq!(
            untold.why,
            "The services of region us-central1 in project demo could not be read: it was refused (403)."
        );
        assert_eq!(missing(&answers).len(), 1);
        assert_eq!(texts(&project.body["regions"]), ["europe-west1"]);
        service(&answers, "europe-west1", "web");
    });
}

#[test]
fn what_is_wrong_with_a_region_is_said_in_our_words() {
    let page = "<html><body>Bearer ya29.echo</body></html>".to_owned();
    let cases = [
        (Fault::BadGateway, "the server answered with the error 502, 5 times in a row"),
        (
            Fault::Answer(503, "text/html".to_owned(), page.clone()),
            "the server answered with the error 503, 5 times in a row",
        ),
        (Fault::Answer(200, "text/html".to_owned(), page.clone()), "the answer is not what the API answers"),
        (Fault::Answer(302, "text/html".to_owned(), page), "the server answered with the error 302"),
        (Fault::Garbage, "the answer is not what the API answers"),
        (Fault::Closed, "the server could not be reached, or the connection broke, 5 times in a row"),
        (Fault::Silent, "the server did not answer in time, 2 times in a row"),
        (Fault::SamePage, "the answer is not what the API answers"),
        (
            Fault::Error(500, "ya29.echo".to_owned()),
            "the server answered with the error 500, 5 times in a row",
        ),
        (Fault::Error(401, "ya29.echo".to_owned()), "Google does not accept the credentials (401)"),
        (Fault::Error(404, "ya29.echo".to_owned()), "it was not found (404)"),
    ];
    for (fault, words) in cases {
        run(async {
            let google = shop().await;
            google.fail(Matching::path("/v2/*/services").in_region("us-central1"), fault.clone(), ALWAYS);
            let begun = Instant::now();
            let answers = World::of(&google).read().await.unwrap();
            assert!(begun.elapsed() < Duration::from_secs(8), "{fault:?}");
            let untold = untold(project(&answers), Fact::Services);
            assert_eq!(
                untold.why,
                format!("The services of region us-central1 in project demo could not be read: {words}."),
                "{fault:?}"
            );
            assert_eq!((untold.region.as_deref(), &untold.grant), (Some("us-central1"), &None));
            assert_eq!(missing(&answers).len(), 1, "{fault:?}");
            service(&answers, "europe-west1", "web");
        });
    }
}

#[test]
fn what_passes_is_tried_again() {
    for fault in [
        Fault::BadGateway,
        Fault::Closed,
        Fault::Cut,
        Fault::Error(503, "busy".to_owned()),
        Fault::RateLimited(Hint::RetryAfter(1)),
        Fault::RateLimited(Hint::RetryInfo(Duration::from_millis(50))),
        Fault::RateLimited(Hint::None),
    ] {
        run(async {
            let google = shop().await;
            google.fail(Matching::path("/v2/*/services"), fault.clone(), 2);
            let answers = World::of(&google).read().await.unwrap();
            assert_eq!(missing(&answers), [], "{fault:?}");
        });
    }
}

#[test]
fn a_policy_that_is_refused_is_missing_of_its_service() {
    run(async {
        let google = shop().await;
        let web = "projects/demo/locations/europe-west1/services/web";
        google.deny("run.services.getIamPolicy", web);
        google.deny("resourcemanager.projects.getIamPolicy", "");
        let answers = World::of(&google).read().await.unwrap();
        let refused = untold(service(&answers, "europe-west1", "web"), Fact::InvokerPolicy);
        assert_eq!(refused.grant.as_deref(), Some("`run.services.getIamPolicy` (roles/run.viewer)"));
        let project = project(&answers);
        let grant = "`resourcemanager.projects.getIamPolicy` (roles/browser)";
        assert_eq!(untold(project, Fact::ProjectPolicy).grant.as_deref(), Some(grant));
        assert_eq!(untold(project, Fact::AuditConfiguration).grant.as_deref(), Some(grant));
        assert_eq!(missing(&answers).len(), 3);
        assert!(!project.body.contains_key("iamPolicy"));
    });
}

#[test]
fn the_number_of_a_project_is_read_off_its_services_where_it_is_refused() {
    run(async {
        let google = shop().await;
        google.deny("resourcemanager.projects.get", "");
        let answers = World::of(&google).read().await.unwrap();
        assert_eq!(project(&answers).body["projectNumber"], "123456789012");
    });
}

#[test]
fn a_project_that_is_not_there_is_all_missing() {
    run(async {
        let google = shop().await;
        let mut world = World::of(&google);
        world.flags.projects = vec!["nowhere".to_owned()];
        let answers = world.read().await.unwrap();
        assert_eq!(addresses(&answers), ["projects/nowhere"]);
        let facts: Vec<_> = missing(&answers).iter().map(|(untold, _)| untold.fact).collect();
        assert_eq!(
            facts,
            [Fact::Services, Fact::Jobs, Fact::WorkerPools, Fact::ProjectPolicy, Fact::AuditConfiguration]
        );
        let grant = Some("`run.locations.list` (roles/run.viewer)");
        assert_eq!(missing(&answers)[0].0.grant.as_deref(), grant);
        assert_eq!(missing(&answers)[0].0.region, None);
    });
}

#[test]
fn an_api_that_is_not_enabled_is_named_with_what_enables_it() {
    run(async {
        let google = shop().await;
        google.disable_api("demo", "secretmanager.googleapis.com");
        let answers = World::of(&google).read().await.unwrap();
        let untold = untold(secret(&answers, "kc-secret"), Fact::SecretVersions);
        assert!(untold.why.contains("the API is not enabled"), "{}", untold.why);
        assert!(untold.why.contains("gcloud services enable secretmanager.googleapis.com --project demo"));
    });
}

#[test]
fn two_projects_do_not_stand_in_each_others_way() {
    run(async {
        let google = shop().await;
        google.put_project("other", "2");
        let mut world = World::of(&google);
        world.flags.projects = vec!["demo".to_owned(), "gone".to_owned(), "other".to_owned()];
        let answers = world.read().await.unwrap();
        assert!(missing(&answers).iter().all(|(_, address)| address == "projects/gone"));
        assert_eq!(addresses(&answers)[..3], ["projects/demo", "projects/gone", "projects/other"]);
        service(&answers, "europe-west1", "web");
    });
}

#[test]
fn domain_mappings_that_fail_are_missing_and_absent_ones_are_not() {
    run(async {
        let google = shop().await;
        let mappings = Matching::path("*domainmappings");
        google.fail(mappings.clone(), Fault::Error(404, "no such API".to_owned()), ALWAYS);
        let answers = World::of(&google).read().await.unwrap();
        assert_eq!(missing(&answers), []);
        google.heal();
        google.fail(mappings.in_region("europe-west1"), Fault::Error(403, "no".to_owned()), ALWAYS);
        let answers = World::of(&google).read().await.unwrap();
        let untold = untold(project(&answers), Fact::DomainMappings);
        assert_eq!(untold.region.as_deref(), Some("europe-west1"));
        assert_eq!(missing(&answers).len(), 1);
        // The services themselves are known.
        assert_eq!(texts(&project(&answers).body["regions"]), ["europe-west1", "us-central1"]);
    });
}
