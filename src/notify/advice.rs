//! What to do about a connection that did not come about, from what the libraries say of it.
//!
//! Words only: how an attempt ended is decided by whoever met the error.

/// What libraries say, and what people can do about it.
const REPAIRS: [(&str, &str); 8] = [
    (
        "Connection refused",
        "nothing listens there: check host and port",
    ),
    ("failed to lookup address", "check the host name"),
    (
        "corrupt message of type",
        "no TLS is spoken at this port: check scheme, port and `tls`",
    ),
    (
        "NotValidForName",
        "the certificate is for another host name: write the one it is for",
    ),
    (
        "certificate not valid for name",
        "the certificate is for another host name: write the one it is for",
    ),
    (
        "certificate expired",
        "the certificate has expired: it must be renewed there",
    ),
    (
        "CaUsedAsEndEntity",
        "the certificate is its own authority: add it to those that this machine trusts (update-ca-certificates)",
    ),
    (
        "UnknownIssuer",
        "no authority that this machine trusts has signed the certificate: add its authority (update-ca-certificates)",
    ),
];

/// `said`, and what to do where that is known.
pub(super) fn with_repair(said: &str) -> String {
    let said = said.trim_start_matches("Connection error: ");
    let said = said.trim_start_matches("error sending request: ");
    match REPAIRS.iter().find(|(words, _)| said.contains(words)) {
        Some((_, repair)) => format!("{said}: {repair}"),
        None => said.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_can_mend_is_said() {
        for (said, wanted) in [
            (
                "Connection error: Connection refused (os error 111)",
                "Connection refused (os error 111): nothing listens there: check host and port",
            ),
            (
                "invalid peer certificate: Other(OtherError(CaUsedAsEndEntity))",
                "update-ca-certificates",
            ),
            (
                "received corrupt message of type InvalidContentType",
                "no TLS is spoken",
            ),
            ("error sending request: something new", "something new"),
        ] {
            let told = with_repair(said);
            assert!(told.contains(wanted) && !told.contains("error: "), "{told}");
        }
    }
}
