//! Signs the JWT by which a client logs in without a secret (`private_key_jwt`, RFC 7523).

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, RSA_PKCS1_SHA256, RSA_PSS_SHA256, RsaEncoding, RsaKeyPair,
};
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject as _;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map, Value, json};

use super::settings::Algorithm;
use crate::fault::Fault;

/// How long an assertion is good for; servers refuse those that ask for more than a minute.
const LIFE: Duration = Duration::from_secs(60);

/// A private key with the algorithm that it signs with.
pub(super) struct Signer {
    key: Key,
    algorithm: Algorithm,
    key_id: Option<String>,
}

enum Key {
    Rsa(Box<RsaKeyPair>),
    Elliptic(Box<EcdsaKeyPair>),
}

impl Signer {
    /// Reads a private key in PEM: PKCS#8, or PKCS#1 for RSA.
    ///
    /// # Errors
    /// When it is no such key, or not one for `algorithm`. The error holds nothing of the key.
    pub(super) fn new(
        pem: &SecretString,
        algorithm: Option<Algorithm>,
        key_id: Option<String>,
    ) -> Result<Signer, Fault> {
        if pem.expose_secret().contains("ENCRYPTED") {
            return Err(Fault::usage(
                "the private key for Keycloak is encrypted, and nothing asks for its passphrase",
            )
            .hint("`openssl pkcs8 -in KEY -topk8 -nocrypt` writes it without one."));
        }
        let der = PrivateKeyDer::from_pem_slice(pem.expose_secret().as_bytes()).map_err(|_| {
            Fault::usage("the private key for Keycloak is no PEM text with a private key")
                .hint("It begins with a line `-----BEGIN PRIVATE KEY-----`.")
        })?;
        let key = match &der {
            PrivateKeyDer::Pkcs1(der) => {
                RsaKeyPair::from_der(der.secret_pkcs1_der()).ok().map(|key| Key::Rsa(Box::new(key)))
            }
            PrivateKeyDer::Pkcs8(der) => {
                let der = der.secret_pkcs8_der();
                let rsa = RsaKeyPair::from_pkcs8(der).ok().map(|key| Key::Rsa(Box::new(key)));
                rsa.or_else(|| {
                    let random = SystemRandom::new();
                    let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der, &random);
                    key.ok().map(|key| Key::Elliptic(Box::new(key)))
                })
            }
            PrivateKeyDer::Sec1(_) => {
                return Err(Fault::usage("the private key for Keycloak is in the old form `EC PRIVATE KEY`")
                    .hint(
                        "`openssl pkcs8 -in KEY -topk8 -nocrypt` writes it in the form that is read here.",
                    ));
            }
            _ => None,
        };
        let Some(key) = key else {
            return Err(Fault::usage("the private key for Keycloak is of a kind that cannot sign here")
                .hint("RSA keys of 2048 bits and more and elliptic keys on P-256 can."));
        };
        let algorithm = match (&key, algorithm) {
            (Key::Rsa(_), None) => Algorithm::Rs256,
            (Key::Elliptic(_), None) => Algorithm::Es256,
            (Key::Rsa(_), Some(Algorithm::Es256)) => {
                return Err(Fault::usage(
                    "the private key for Keycloak is an RSA key; ES256 needs one on P-256",
                ));
            }
            (Key::Elliptic(_), Some(Algorithm::Rs256 | Algorithm::Ps256)) => {
                return Err(Fault::usage(
                    "the private key for Keycloak is one on P-256; RS256 and PS256 need an RSA key",
                ));
            }
            (_, Some(algorithm)) => algorithm,
        };
        Ok(Signer { key, algorithm, key_id })
    }

    /// A new assertion that `client` is who it says, for the server that issues as `audience`.
    ///
    /// # Errors
    /// When the operating system has no random numbers to give, or the key does not sign.
    pub(super) fn sign(&self, client: &str, audience: &str, now: SystemTime) -> Result<SecretString, Fault> {
        let mut identifier = [0u8; 16];
        getrandom::fill(&mut identifier)
            .map_err(|error| Fault::usage(format!("no random numbers to be had for a login: {error}")))?;
        let issued = now.duration_since(UNIX_EPOCH).unwrap_or_default();
        let claims = json!({
            "iss": client,
            "sub": client,
            "aud": audience,
            "jti": URL_SAFE_NO_PAD.encode(identifier),
            "iat": issued.as_secs(),
            "exp": (issued + LIFE).as_secs(),
        });
        let mut header = Map::new();
        header.insert("alg".to_owned(), Value::from(self.name()));
        header.insert("typ".to_owned(), Value::from("JWT"));
        if let Some(id) = &self.key_id {
            header.insert("kid".to_owned(), Value::from(id.as_str()));
        }
        let encode = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", encode(Value::Object(header)), encode(claims));
        let signature = self
            .signature(signed.as_bytes())
            .map_err(|_| Fault::usage("the private key for Keycloak does not sign"))?;
        Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)).into())
    }

    fn name(&self) -> &'static str {
        match self.algorithm {
            Algorithm::Rs256 => "RS256",
            Algorithm::Ps256 => "PS256",
            Algorithm::Es256 => "ES256",
        }
    }

    fn signature(&self, text: &[u8]) -> Result<Vec<u8>, ring::error::Unspecified> {
        let random = SystemRandom::new();
        match &self.key {
            Key::Rsa(key) => {
                let padding: &dyn RsaEncoding =
                    if self.algorithm == Algorithm::Ps256 { &RSA_PSS_SHA256 } else { &RSA_PKCS1_SHA256 };
                let mut signature = vec![0; key.public().modulus_len()];
                key.sign(padding, &random, text, &mut signature)?;
                Ok(signature)
            }
            Key::Elliptic(key) => key.sign(&random, text).map(|signature| signature.as_ref().to_vec()),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use ring::signature::{ECDSA_P256_SHA256_FIXED, KeyPair as _, UnparsedPublicKey};

    use super::*;

    fn elliptic() -> (SecretString, Vec<u8>) {
        let random = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let pair =
            EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref(), &random).unwrap();
        let body = base64::engine::general_purpose::STANDARD.encode(pkcs8.as_ref());
        let pem = format!("-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----\n");
        (pem.into(), pair.public_key().as_ref().to_vec())
    }

    #[test]
    fn an_assertion_says_who_and_to_whom_for_a_minute_and_is_signed() {
        let (pem, public) = elliptic();
        let signer = Signer::new(&pem, None, Some("k1".to_owned())).unwrap();
        let now = UNIX_EPOCH + Duration::from_secs(1_000);
        let text = signer.sign("audit", "https://sso.example.com/realms/shop", now).unwrap();
        let parts: Vec<&str> = text.expose_secret().split('.').collect();
        let read =
            |part: &str| -> Value { serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap() };
        assert_eq!(read(parts[0]), json!({"alg": "ES256", "typ": "JWT", "kid": "k1"}));
        let claims = read(parts[1]);
        assert_eq!((&claims["iss"], &claims["sub"]), (&json!("audit"), &json!("audit")));
        assert_eq!(claims["aud"], "https://sso.example.com/realms/shop");
        assert_eq!((&claims["iat"], &claims["exp"]), (&json!(1_000), &json!(1_060)));
        let signed = format!("{}.{}", parts[0], parts[1]);
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, public)
            .verify(signed.as_bytes(), &URL_SAFE_NO_PAD.decode(parts[2]).unwrap())
            .unwrap();
        let again = signer.sign("audit", "https://sso.example.com/realms/shop", now).unwrap();
        assert_ne!(text.expose_secret(), again.expose_secret(), "each has a `jti` of its own");
    }

    #[test]
    fn what_is_no_key_is_refused_without_showing_it() {
        for text in ["hunter2", "-----BEGIN PRIVATE KEY-----\naHVudGVyMg==\n-----END PRIVATE KEY-----\n"] {
            let fault = Signer::new(&text.to_owned().into(), None, None).err().unwrap();
            let said = format!("{fault} {:?} {fault:?}", fault.hints);
            assert!(!said.contains("hunter2") && !said.contains("aHVudGVyMg"), "{said}");
        }
        let (pem, _) = elliptic();
        let fault = Signer::new(&pem, Some(Algorithm::Rs256), None).err().unwrap();
        assert!(fault.to_string().contains("P-256"), "{fault}");
    }
}
