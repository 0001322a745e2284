//! Why there is no TLS with the other end, in words that name the cure.

use std::fmt;

use rustls::pki_types::{ServerName, UnixTime};
use rustls::{AlertDescription, CertificateError, Error};

/// Why there is no TLS with the other end.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct TlsTrouble(String);

impl TlsTrouble {
    /// This is why.
    pub(crate) fn of(text: impl Into<String>) -> TlsTrouble {
        TlsTrouble(text.into())
    }

    /// What a connection to a server fails for.
    pub(super) fn with_server(error: &Error) -> TlsTrouble {
        TlsTrouble(match error {
            Error::InvalidCertificate(error) => certificate(error),
            Error::InvalidMessage(_) => {
                "it answers, but not in TLS: remove tls from the pool, or let memcached speak it (-Z)".into()
            }
            Error::AlertReceived(AlertDescription::CertificateRequired | AlertDescription::NoCertificate) => {
                "it wants a certificate of its clients: write tls.cert and tls.key".into()
            }
            Error::AlertReceived(alert) if is_about_certificate(*alert) => {
                format!("it refuses the certificate in tls.cert ({alert:?}): use one that its authority has signed")
            }
            Error::AlertReceived(AlertDescription::HandshakeFailure) => {
                "it refuses the handshake: it may want a certificate in tls.cert, or has no cipher in common with leash"
                    .into()
            }
            Error::AlertReceived(AlertDescription::ProtocolVersion) | Error::PeerIncompatible(_) => {
                format!("it has no TLS version or cipher in common with leash, which speaks 1.2 and 1.3 ({error})")
            }
            error => error.to_string(),
        })
    }

    /// What a client's connection fails for.
    pub(super) fn with_client(error: &Error) -> TlsTrouble {
        TlsTrouble(match error {
            Error::InvalidMessage(_) => "it does not speak TLS: let it, or give it a listener without tls".into(),
            Error::NoCertificatesPresented => "it showed no certificate, and client_ca wants one".into(),
            Error::InvalidCertificate(CertificateError::UnknownIssuer) => {
                "no authority in client_ca has signed its certificate".into()
            }
            Error::InvalidCertificate(error) => certificate(error),
            Error::AlertReceived(alert) if is_about_certificate(*alert) => {
                format!("it does not take the certificate in tls.cert ({alert:?}): it must know its authority and name")
            }
            error => error.to_string(),
        })
    }
}

fn is_about_certificate(alert: AlertDescription) -> bool {
    use AlertDescription as A;
    matches!(
        alert,
        A::BadCertificate
            | A::UnsupportedCertificate
            | A::CertificateRevoked
            | A::CertificateExpired
            | A::CertificateUnknown
            | A::UnknownCA
            | A::AccessDenied
            | A::DecryptError
    )
}

/// What is wrong with the certificate of the other end.
fn certificate(error: &CertificateError) -> String {
    match error {
        CertificateError::ExpiredContext { not_after, .. } => {
            format!("its certificate has expired on {}: renew it", Date(*not_after))
        }
        CertificateError::NotValidYetContext { not_before, .. } => {
            format!("its certificate is valid from {} on only: is the clock of this machine right?", Date(*not_before))
        }
        CertificateError::UnknownIssuer => {
            "its certificate is signed by nobody who is trusted here: write the file of its authority as tls.ca".into()
        }
        CertificateError::NotValidForNameContext { expected, presented } => {
            let names: Vec<&str> = presented.iter().map(|name| bare(name)).collect();
            let has = if names.is_empty() { "has no name".into() } else { format!("is for {}", names.join(", ")) };
            let cure = names.first().map_or("give it one".into(), |name| format!("write tls.server_name: {name}"));
            format!("its certificate {has}, not for {}: {cure}, or the name as the server's address", Name(expected))
        }
        CertificateError::Revoked => "its certificate is revoked: replace it".into(),
        error => format!("its certificate cannot be used: {error}"),
    }
}

/// The name in `DnsName("m0")` or `IpAddress(10.0.0.7)`, as rustls tells it.
fn bare(told: &str) -> &str {
    let inner = told.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')')).unwrap_or(told);
    inner.trim_matches('"')
}

struct Name<'n>(&'n ServerName<'n>);

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            ServerName::IpAddress(address) => std::net::IpAddr::from(*address).fmt(f),
            name => f.write_str(&name.to_str()),
        }
    }
}

/// A day, in UTC.
struct Date(UnixTime);

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Howard Hinnant's way from days to dates: years begin in March, eras have 400 of them.
        let days = self.0.as_secs() / 86_400 + 719_468;
        let (era, day_of_era) = (days / 146_097, days % 146_097);
        let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month + 2) / 5 + 1;
        let (month, next) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
        write!(f, "{}-{month:02}-{day:02}", era * 400 + year_of_era + next)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn date(seconds: u64) -> String {
        Date(UnixTime::since_unix_epoch(Duration::from_secs(seconds))).to_string()
    }

    #[test]
    fn days_are_told_as_calendars_have_them() {
        assert_eq!(date(0), "1970-01-01");
        assert_eq!(date(951_782_399), "2000-02-28");
        assert_eq!(date(951_782_400), "2000-02-29");
        assert_eq!(date(951_868_800), "2000-03-01");
        assert_eq!(date(1_798_675_199), "2026-12-30");
        assert_eq!(date(4_102_444_800), "2100-01-01");
    }

    #[test]
    fn a_wrong_name_is_told_with_the_names_there_are() {
        let expected = ServerName::try_from("m1.example.com").unwrap().to_owned();
        let presented = vec!["DnsName(\"m0.example.com\")".to_string(), "IpAddress(10.0.0.7)".to_string()];
        let error = CertificateError::NotValidForNameContext { expected, presented };
        assert_eq!(
            certificate(&error),
            "its certificate is for m0.example.com, 10.0.0.7, not for m1.example.com: \
             write tls.server_name: m0.example.com, or the name as the server's address"
        );
    }
}
