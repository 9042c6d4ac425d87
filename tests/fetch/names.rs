//! Names in tests: what each leads to is said here, and counted.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};

use bongsu::fetch::names::LookUp;

/// Names with their answers, one after the other; the last one stays.
#[derive(Default)]
pub struct Book {
    answers: Mutex<HashMap<String, Vec<Vec<IpAddr>>>>,
    asked: Mutex<Vec<String>>,
}

impl Book {
    /// A book of names that each lead to the same addresses for ever.
    pub fn of(names: &[(&str, &[&str])]) -> Arc<Self> {
        let book = Arc::new(Self::default());
        for (name, ips) in names {
            book.say(name, ips);
        }
        book
    }

    /// The next answer for `name`.
    pub fn say(&self, name: &str, ips: &[&str]) {
        let ips = ips.iter().map(|ip| ip.parse().expect("an address"));
        let mut answers = self.answers.lock().expect("nobody panicked");
        answers
            .entry(name.to_owned())
            .or_default()
            .push(ips.collect());
    }

    /// The names asked for so far.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("nobody panicked").clone()
    }
}

impl LookUp for Book {
    fn look_up(&self, name: &str) -> io::Result<Vec<SocketAddr>> {
        let mut asked = self.asked.lock().expect("nobody panicked");
        asked.push(name.to_owned());
        let mut answers = self.answers.lock().expect("nobody panicked");
        let Some(list) = answers.get_mut(name).filter(|list| !list.is_empty()) else {
            return Err(io::Error::other(
                "failed to lookup address information: Name or service not known",
            ));
        };
        let ips = if list.len() > 1 {
            list.remove(0)
        } else {
            list[0].clone()
        };
        Ok(ips.into_iter().map(|ip| SocketAddr::new(ip, 0)).collect())
    }
}
