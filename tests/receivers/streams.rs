//! Brokers and logs: MQTT, NATS, syslog and the journal, each against a small server of its own.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::unix::net::UnixDatagram;
use std::thread::JoinHandle;

use super::{TITLE, alert, class, outgoing, receiver, send};

const KEY: &str = "00112233445566778899aabbccddeeff";

/// A server for one connection; what `speak` gives back is what it saw.
pub fn once<T: Send + 'static>(
    speak: impl FnOnce(TcpStream) -> T + Send + 'static,
) -> (String, JoinHandle<T>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let task = std::thread::spawn(move || speak(listener.accept().unwrap().0));
    (address, task)
}

/// One MQTT packet: its first byte and its body.
pub fn packet(stream: &mut TcpStream) -> (u8, Vec<u8>) {
    let mut byte = [0; 1];
    stream.read_exact(&mut byte).unwrap();
    let kind = byte[0];
    let (mut length, mut shift) = (0, 0);
    loop {
        stream.read_exact(&mut byte).unwrap();
        length |= usize::from(byte[0] & 0x7f) << shift;
        shift += 7;
        if byte[0] & 0x80 == 0 {
            break;
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).unwrap();
    (kind, body)
}

pub fn mqtt(address: &str) -> String {
    format!(
        "kind = \"mqtt\"\nserver = \"mqtt://{address}\"\ntopic = \"desk/alerts\"\nusername = \"u\"\npassword = \"SESAME-1\""
    )
}

#[test]
fn mqtt_publishes_and_waits_for_the_receipt() {
    let (address, broker) = once(|mut stream| {
        let (kind, hello) = packet(&mut stream);
        assert_eq!((kind, &hello[..8]), (0x10, &b"\0\x04MQTT\x04\xc2"[..]));
        assert!(hello.ends_with(b"\0\x01u\0\x08SESAME-1"));
        stream.write_all(&[0x20, 2, 0, 0]).unwrap();
        let (kind, publish) = packet(&mut stream);
        assert_eq!(kind, 0x32, "QoS 1, not retained");
        assert!(publish.starts_with(b"\0\x0bdesk/alerts\0\x01"));
        stream.write_all(&[0x40, 2, 0, 1]).unwrap();
        publish[15..].to_vec()
    });
    let attempt = send(&*receiver(&mqtt(&address)), &outgoing(alert(TITLE)));
    assert_eq!(attempt.outcome.as_str(), "delivered", "{}", class(&attempt));
    let sent: serde_json::Value = serde_json::from_slice(&broker.join().unwrap()).unwrap();
    assert_eq!(
        (sent["key"].as_str(), sent["entry"]["title"].as_str()),
        (Some(KEY), Some(TITLE))
    );
}

#[test]
fn mqtt_brokers_that_refuse_break_off_or_are_none() {
    for (answer, expected) in [
        (&[0x20, 2, 0, 5][..], "refused"),
        (&[0x20, 2, 0, 3], "later"),
        (&b"HTTP/1.1 400 Bad Request\r\n\r\n"[..], "later"),
        (&[0x20, 2], "later"),
        (&[0x20, 0xff, 0xff, 0xff, 0x7f], "later"),
        (&[], "later"),
    ] {
        let (address, broker) = once(move |mut stream| {
            packet(&mut stream);
            stream.write_all(answer).unwrap();
        });
        let attempt = send(&*receiver(&mqtt(&address)), &outgoing(alert(TITLE)));
        broker.join().unwrap();
        assert_eq!(
            attempt.outcome.as_str(),
            expected,
            "{answer:?}: {}",
            class(&attempt)
        );
        assert!(!class(&attempt).contains("SESAME"));
    }
}

/// A NATS server for one connection, which answers the publish with `reply`, and what it was sent.
pub fn nats(
    info: &'static str,
    after_ping: &'static str,
    reply: &'static str,
) -> (String, JoinHandle<String>) {
    once(move |mut stream| {
        write!(stream, "INFO {info}\r\n").unwrap();
        let mut seen = String::new();
        let mut lines = BufReader::new(stream.try_clone().unwrap());
        while !seen.ends_with("PING\r\n") {
            if lines.read_line(&mut seen).unwrap() == 0 {
                return seen;
            }
        }
        stream.write_all(after_ping.as_bytes()).unwrap();
        if after_ping.starts_with("-ERR") {
            return seen;
        }
        let mut head = String::new();
        lines.read_line(&mut head).unwrap();
        let words: Vec<&str> = head.trim_end().split(' ').collect();
        let (inbox, all) = (words[2], words[4].parse::<usize>().unwrap());
        let mut body = vec![0; all + 2];
        lines.read_exact(&mut body).unwrap();
        write!(stream, "PING\r\n{}", reply.replace('@', inbox)).unwrap();
        format!("{seen}{head}{}", String::from_utf8(body).unwrap())
    })
}

fn config(address: &str) -> String {
    format!(
        "kind = \"nats\"\nserver = \"nats://{address}\"\nsubject = \"desk.alerts\"\ntoken = \"SESAME-1\""
    )
}

const INFO: &str = r#"{"server_id":"x","headers":true,"max_payload":1048576}"#;

#[test]
fn nats_publishes_with_its_key_and_waits_for_the_stream() {
    let (address, server) = nats(
        INFO,
        "PONG\r\n",
        "MSG @ 1 26\r\n{\"stream\":\"DESK\", \"seq\":7}\r\n",
    );
    let attempt = send(&*receiver(&config(&address)), &outgoing(alert(TITLE)));
    assert_eq!(
        attempt.outcome.as_str(),
        "delivered",
        "{} {}",
        class(&attempt),
        attempt.answer
    );
    let seen = server.join().unwrap();
    assert!(seen.contains("\"auth_token\":\"SESAME-1\""), "{seen}");
    let headers = format!("NATS/1.0\r\nNats-Msg-Id: {KEY}\r\n\r\n{{\"type\":\"alert\"");
    assert!(
        seen.contains("\r\nHPUB desk.alerts _INBOX.bongsu.") && seen.contains(&headers),
        "{seen}"
    );
}

#[test]
fn nats_servers_that_refuse_or_have_no_stream() {
    for (info, ping, reply, expected) in [
        (INFO, "-ERR 'Authorization Violation'\r\n", "", "refused"),
        (
            INFO,
            "PONG\r\n",
            "HMSG @ 1 16 16\r\nNATS/1.0 503\r\n\r\n\r\n",
            "refused",
        ),
        (
            INFO,
            "PONG\r\n",
            "MSG @ 1 62\r\n{\"error\":{\"code\":503,\"description\":\"no quorum at the moment\"}}\r\n",
            "later",
        ),
        (INFO, "PONG\r\n", "", "later"),
        (r#"{"tls_required":true}"#, "", "", "refused"),
        (r#"{"max_payload":10}"#, "", "", "permanent"),
        ("nonsense", "", "", "later"),
    ] {
        let (address, server) = nats(info, ping, reply);
        let attempt = send(&*receiver(&config(&address)), &outgoing(alert(TITLE)));
        let said = format!("{info} {ping} {reply}: {}", class(&attempt));
        assert_eq!(attempt.outcome.as_str(), expected, "{said}");
        assert!(!said.contains("SESAME"), "{said}");
        let _ = server.join();
    }
}

#[test]
fn syslog_goes_to_a_socket_a_datagram_and_a_counted_stream() {
    let head = "<10>1 2026-11-24T01:09:00.000000Z - bongsu ";
    let good = |line: &str, way: &str| {
        assert!(line.starts_with(head), "{way}: {line}");
        assert!(
            line.contains(&format!("[bongsu@32473 key=\"{KEY}\" rule=\"arms\"")),
            "{way}: {line}"
        );
        assert!(
            line.contains(TITLE) && !line.contains('\n'),
            "{way}: {line}"
        );
    };
    let mut buffer = vec![0; 16_384];
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let unix = UnixDatagram::bind(&path).unwrap();
    let config = |server: &str| format!("kind = \"syslog\"\nserver = \"{server}\"");
    let notifier = receiver(&config(&format!("unix:{}", path.display())));
    assert_eq!(
        send(&*notifier, &outgoing(alert(TITLE))).outcome.as_str(),
        "delivered"
    );
    let count = unix.recv(&mut buffer).unwrap();
    good(std::str::from_utf8(&buffer[..count]).unwrap(), "unix");

    let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
    let notifier = receiver(&config(&format!("udp://{}", udp.local_addr().unwrap())));
    assert_eq!(
        send(&*notifier, &outgoing(alert(TITLE))).outcome.as_str(),
        "delivered"
    );
    let count = udp.recv(&mut buffer).unwrap();
    good(std::str::from_utf8(&buffer[..count]).unwrap(), "udp");

    let (address, server) = once(|mut stream| {
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        text
    });
    let notifier = receiver(&config(&format!("tcp://{address}")));
    assert_eq!(
        send(&*notifier, &outgoing(alert(TITLE))).outcome.as_str(),
        "delivered"
    );
    let text = server.join().unwrap();
    let (length, line) = text.split_once(' ').unwrap();
    assert_eq!(length.parse::<usize>().unwrap(), line.len());
    good(line, "tcp");
    drop(unix);
    std::fs::remove_file(&path).unwrap();
    let notifier = receiver(&config(&format!("unix:{}", path.display())));
    assert_eq!(
        send(&*notifier, &outgoing(alert(TITLE))).outcome.as_str(),
        "later"
    );
}

#[test]
fn the_journal_gets_fields() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let journal = UnixDatagram::bind(&path).unwrap();
    let notifier = receiver(&format!(
        "kind = \"journald\"\nsocket = \"{}\"",
        path.display()
    ));
    assert_eq!(
        send(&*notifier, &outgoing(alert(TITLE))).outcome.as_str(),
        "delivered"
    );
    let mut buffer = vec![0; 65_536];
    let count = journal.recv(&mut buffer).unwrap();
    let said = String::from_utf8_lossy(&buffer[..count]).into_owned();
    for field in [
        "PRIORITY=2\n",
        "BONGSU_RULE=arms\n",
        "BONGSU_SEVERITY=critical\n",
        "MESSAGE\n",
    ] {
        assert!(said.contains(field), "{field}: {said}");
    }
}
