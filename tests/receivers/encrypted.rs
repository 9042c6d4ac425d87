//! MQTT, NATS, syslog and mail over TLS: a certificate that is not trusted gets no word, one that is gets the message.
//!
//! Whom a process trusts is settled by its environment when it starts, so the trusting half runs in a process of its own.

use std::io::{self, BufRead as _, Read, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::thread::JoinHandle;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::certificates::{Authority, Pair};
use super::{TITLE, alert, class, outgoing, receiver, send};

type Stream = StreamOwned<ServerConnection, TcpStream>;

/// What a server of a kind says before TLS begins, and what it does after; it gives back what it was sent.
struct Kind {
    toml: &'static str,
    clear: &'static str,
    speak: fn(&mut Stream) -> io::Result<Vec<u8>>,
}

const KINDS: [Kind; 5] = [
    Kind {
        toml: "kind = \"mqtt\"\nserver = \"mqtts://@\"\ntopic = \"a\"\nusername = \"u\"\npassword = \"SESAME-1\"",
        clear: "",
        speak: mqtt,
    },
    Kind {
        toml: "kind = \"nats\"\nserver = \"tls://@\"\nsubject = \"a\"\ntoken = \"SESAME-1\"",
        clear: "INFO {\"tls_required\":true,\"headers\":true,\"max_payload\":1048576}\r\n",
        speak: nats,
    },
    Kind {
        toml: "kind = \"syslog\"\nserver = \"tls://@\"",
        clear: "",
        speak: |stream| {
            let mut seen = Vec::new();
            // Whoever hangs up without a good-bye has sent all the same.
            drop(stream.read_to_end(&mut seen));
            Ok(seen)
        },
    },
    Kind {
        toml: "kind = \"email\"\nserver = \"smtp://@\"\ntls = \"implicit\"\nfrom = \"a@example.org\"\nto = \"b@example.org\"\n\
               username = \"u\"\npassword = \"SESAME-1\"",
        clear: "",
        speak: |stream| {
            stream.write_all(b"220\r\n")?;
            smtp(stream)
        },
    },
    Kind {
        toml: "kind = \"email\"\nserver = \"smtp://@\"\nfrom = \"a@example.org\"\nto = \"b@example.org\"\n\
               username = \"u\"\npassword = \"SESAME-1\"",
        clear: "220\r\n250-mail.example\r\n250 STARTTLS\r\n220\r\n",
        speak: smtp,
    },
];

/// A mail server that wastes no words (RFC 5321, 4.2).
fn smtp(stream: &mut Stream) -> io::Result<Vec<u8>> {
    let mut lines = io::BufReader::new(stream);
    let mut seen = Vec::new();
    loop {
        let mut line = String::new();
        // Whoever hangs up without a good-bye has sent all the same.
        if lines.read_line(&mut line).unwrap_or(0) == 0 {
            return Ok(seen);
        }
        let reply = match line.get(..4) {
            Some("EHLO") => "250-mail.example\r\n250 AUTH PLAIN\r\n",
            Some("AUTH") => "235\r\n",
            Some("DATA") => "354\r\n",
            Some("QUIT") => "221\r\n",
            _ => "250\r\n",
        };
        lines.get_mut().write_all(reply.as_bytes())?;
        if reply.starts_with("354") {
            while line != ".\r\n" {
                line.clear();
                lines.read_line(&mut line)?;
            }
            // The mail is coded; that it came whole is what counts here.
            seen.extend(TITLE.as_bytes());
            lines.get_mut().write_all(b"250\r\n")?;
        }
    }
}

/// The next bytes that come together.
fn some(stream: &mut Stream) -> io::Result<Vec<u8>> {
    let mut buffer = vec![0; 1 << 16];
    match stream.read(&mut buffer)? {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        count => Ok(buffer[..count].to_vec()),
    }
}

fn mqtt(stream: &mut Stream) -> io::Result<Vec<u8>> {
    let mut seen = some(stream)?;
    stream.write_all(&[0x20, 2, 0, 0])?;
    seen.extend(some(stream)?);
    stream.write_all(&[0x40, 2, 0, 1])?;
    Ok(seen)
}

fn nats(stream: &mut Stream) -> io::Result<Vec<u8>> {
    let mut seen = Vec::new();
    while !seen.ends_with(b"PING\r\n") {
        seen.extend(some(stream)?);
    }
    stream.write_all(b"PONG\r\n")?;
    while !seen.ends_with(b"}\r\n") || !String::from_utf8_lossy(&seen).contains("HPUB") {
        seen.extend(some(stream)?);
    }
    let text = String::from_utf8_lossy(&seen).into_owned();
    let inbox = text
        .split("HPUB a ")
        .nth(1)
        .and_then(|rest| rest.split(' ').next());
    let inbox = inbox.unwrap_or_default();
    write!(
        stream,
        "MSG {inbox} 1 26\r\n{{\"stream\":\"DESK\", \"seq\":7}}\r\n"
    )?;
    Ok(seen)
}

/// A server for one connection, and what it was sent under TLS; nothing where that did not come about.
fn serve(kind: &'static Kind, pair: &Pair) -> (String, JoinHandle<Vec<u8>>) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![pair.cert.clone()], pair.key.clone_key())
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let task = std::thread::spawn(move || {
        let mut tcp = listener.accept().unwrap().0;
        tcp.write_all(kind.clear.as_bytes()).unwrap();
        if kind.clear.contains("STARTTLS") {
            let mut said = Vec::new();
            while !said.ends_with(b"STARTTLS\r\n") {
                let mut byte = [0];
                tcp.read_exact(&mut byte).unwrap();
                said.extend(byte);
            }
        }
        let connection = ServerConnection::new(Arc::new(config)).unwrap();
        let mut stream = StreamOwned::new(connection, tcp);
        (kind.speak)(&mut stream).unwrap_or_default()
    });
    (
        kind.toml.replace("://@", &format!("://localhost:{port}")),
        task,
    )
}

#[test]
fn an_untrusted_certificate_gets_no_word() {
    let pair = Authority::new().sign(&["localhost"], 2100);
    for kind in &KINDS {
        let (toml, server) = serve(kind, &pair);
        let attempt = send(&*receiver(&toml), &outgoing(alert(TITLE)));
        let said = class(&attempt);
        assert!(
            said.starts_with("later") && said.contains("certificate"),
            "{toml}: {said}"
        );
        assert!(!said.contains("SESAME"), "{said}");
        assert_eq!(server.join().unwrap(), b"", "{toml}");
    }
}

#[test]
fn a_trusted_certificate_for_the_right_name_gets_the_message() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new();
    for (file, text) in [
        ("authority", authority.pem()),
        ("right", authority.sign(&["localhost"], 2100).pem()),
        ("wrong", authority.sign(&["broker.example"], 2100).pem()),
    ] {
        std::fs::write(folder.path().join(file), text).unwrap();
    }
    let ended = Command::new(std::env::current_exe().unwrap())
        .args([
            "encrypted::within_a_process_that_trusts",
            "--exact",
            "--ignored",
        ])
        .env("SSL_CERT_FILE", folder.path().join("authority"))
        .env("PAIRS_OF_THE_TEST", folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ended.stdout).into_owned();
    assert!(
        ended.status.success() && said.contains("1 passed"),
        "{said}"
    );
}

fn pair(path: &Path) -> Pair {
    Pair {
        cert: CertificateDer::from_pem_file(path).unwrap(),
        key: PrivateKeyDer::from_pem_file(path).unwrap(),
    }
}

#[test]
#[ignore = "is run by the test above, in an environment that names whom to trust"]
#[expect(
    clippy::disallowed_methods,
    reason = "the process is made for its environment"
)]
fn within_a_process_that_trusts() {
    let folder = std::env::var("PAIRS_OF_THE_TEST").unwrap();
    for kind in &KINDS {
        let (toml, server) = serve(kind, &pair(&Path::new(&folder).join("right")));
        let attempt = send(&*receiver(&toml), &outgoing(alert(TITLE)));
        assert_eq!(class(&attempt).trim(), "delivered", "{toml}");
        let seen = String::from_utf8_lossy(&server.join().unwrap()).into_owned();
        assert!(seen.contains(TITLE), "{toml}: {seen}");

        let (toml, server) = serve(kind, &pair(&Path::new(&folder).join("wrong")));
        let attempt = send(&*receiver(&toml), &outgoing(alert(TITLE)));
        assert!(
            class(&attempt).contains("certificate"),
            "{toml}: {}",
            class(&attempt)
        );
        assert_eq!(server.join().unwrap(), b"", "{toml}");
    }
}
