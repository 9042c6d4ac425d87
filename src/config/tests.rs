use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use super::*;
use crate::domain::feed::transport::Proxy;
use crate::domain::matching::{AliasList, Place as Text};
use crate::domain::rule::diagnostic::Diagnostic;
use crate::domain::rule::{ContextWithin, FeedSelector, Notify, Revisions, Severity};
use crate::fetch::proxy::Proxies;
use crate::fetch::settings::{Interval, RobotsPolicy};
use crate::notify::settings::{ReceiverKind, Tls};
use settings::Listen;

fn no_env(_: &str) -> Option<String> {
    None
}

/// Loads files from a folder of their own; paths in messages begin there.
fn load_files(files: &[(&str, &str)]) -> (Loaded, String) {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    }
    let loaded = load(folder.path(), &no_env);
    let prefix = format!("{}/", folder.path().display());
    let text = loaded.problems.render(false).replace(&prefix, "");
    (loaded, text)
}

/// The first lines of all problems of one file `a.toml`.
fn lines(text: &str) -> Vec<String> {
    let (_, rendered) = load_files(&[("a.toml", text)]);
    rendered
        .lines()
        .filter(|line| line.starts_with("a.toml"))
        .map(str::to_owned)
        .collect()
}

fn good(files: &[(&str, &str)]) -> Config {
    let (loaded, text) = load_files(files);
    loaded.config.unwrap_or_else(|| panic!("{text}"))
}

/// A small bad config, and the first line of what is said of it.
const BAD: &[(&str, &str)] = &[
    (
        "[fetch]\nconcurency = 3\n",
        "a.toml:2:1: [fetch] has no key `concurency`: did you mean `concurrency`? [C01]",
    ),
    (
        "[[feed]]\nurl = \"https://example.org/a\"\nid = \"a\"\ntags = [\"wire\"]\n\n[[rule]]\nid = \"r\"\nquery = \"flu\"\nfeeds = [\"wire\"]\n[[receiver]]\nid = \"t\"\nkind = \"terminal\"\ndefault = true\n",
        "a.toml:9:10: there is no feed \"wire\", and \"wire\" is a tag: did you mean \"tag:wire\"? [C07]",
    ),
    (
        "[[rule]]\nid = \"a\"\nquery = '''\nK2 NEAR/5 Poland\n\n[[rule]]\nid = \"b\"\nquery = '''\n#x K9 = 5 'a\n'''\n",
        "a.toml:3:9: this is not TOML: this `'''` is never closed: close it with `'''` behind the last word of the text [C00]",
    ),
    (
        "[[rule]]\nid = \"a\"\nquery = '''K2'''\n\n[[rule]]\nid = \"b\"\nquery = \"\"\"\nK9\n",
        "a.toml:7:9: this is not TOML: this `\"\"\"` is never closed: close it with `\"\"\"` behind the last word of the text [C00]",
    ),
    (
        "[[entity]]\nid = \"x\"\nname = \"X Corp\"\n[[rule]]\nid = \"a\"\nquery = '''\nK2 $below\n'''\n[[rule]]\nid = \"b\"\nquery = '''K9 @nobody\nseverity = \"high\"\n\n[web]\nlisten = \"\"\n",
        "a.toml:11:9: this is not TOML: this `'''` is never closed: close it with `'''` behind the last word of the text [C00]",
    ),
    (
        "[[entity]]\nid = \"x\"\nname = \"X Corp\"\nclass = \"firm\"\n",
        "a.toml:4:1: [[entity]] has no key `class`: did you mean `classes`? [C01]",
    ),
    (
        "[fetsh]\n",
        "a.toml:1:2: there is no table `fetsh`: did you mean `fetch`? [C01]",
    ),
    (
        "[[feeds]]\n",
        "a.toml:1:3: there is no table `feeds`: did you mean `feed`? [C01]",
    ),
    (
        "[[feed]]\nurl = \"https:/example.org/a\"\n",
        "a.toml:2:7: this is not the address of a web page (it does not begin with https://): write https://host/path [C04]",
    ),
    (
        "[[feed]]\nurl = \"https://example.org/a\"\nheaders = { Host = \"b\" }\n",
        "a.toml:3:13: `Host` is set by the connection: leave it out [C04]",
    ),
    (
        "fetch_all = true\n",
        "a.toml:1:1: there is no key `fetch_all`: every key stands below a [table] [C01]",
    ),
    (
        "[[feed]]\nurl = \"https://example.org/a\"\ntags = \"wire\"\n",
        "a.toml:3:8: `tags` is a text: write a list of texts such as [\"a\", \"b\"] [C03]",
    ),
    (
        "[fetch]\nconcurrency = \"many\"\n",
        "a.toml:2:15: `concurrency` is a text: write a whole number from 1 to 10000 [C03]",
    ),
    (
        "[fetch]\nconcurrency = 0\n",
        "a.toml:2:15: `concurrency` is out of range: write a whole number from 1 to 10000 [C04]",
    ),
    (
        "[fetch]\nmin_interval = \"soon\"\n",
        "a.toml:2:16: `soon` is not a duration: write it as \"90s\", \"15m\", \"6h\" or \"7d\" [C04]",
    ),
    (
        "[fetch]\nmin_interval = 5\n",
        "a.toml:2:16: `min_interval` is a number: write a duration such as \"90s\", \"15m\", \"6h\" or \"7d\" [C03]",
    ),
    (
        "[fetch]\nmin_interval = \"2d\"\n",
        "a.toml:2:16: `min_interval` is longer than `max_interval`, which is 1d: make it shorter, or the other longer [C04]",
    ),
    (
        "[fetch]\nmax_wire = \"big\"\n",
        "a.toml:2:12: `big` is not a size: write it as \"8 MiB\" or \"512 KiB\" [C04]",
    ),
    (
        "[fetch]\nstart_rate = \"20\"\n",
        "a.toml:2:14: `20` is not a rate: write it as \"20/h\" or \"1/s\" [C04]",
    ),
    (
        "[fetch]\nallow_networks = [\"127.0.0.0/99\"]\n",
        "a.toml:2:19: `127.0.0.0/99` is not a network: write one such as \"10.0.0.0/8\" or \"::1/128\" [C04]",
    ),
    (
        "[fetch]\nrobots = \"page\"\n",
        "a.toml:2:10: `robots` cannot be \"page\": did you mean \"pages\"? [C04]",
    ),
    (
        "[fetch]\ntimeout = { conect = \"1s\" }\n",
        "a.toml:2:13: `timeout` has no key `conect`: did you mean `connect`? [C01]",
    ),
    (
        "[fetch]\nproxy = \"nowhere\"\n",
        "a.toml:2:9: `proxy` is not the address of a proxy: write http://host:port, socks5h://host:port or \"system\" [C04]",
    ),
    (
        "[[feed]]\nurl = \"https://a.example/\"\nproxy = \"ftp://x\"\n",
        "a.toml:3:9: `proxy` is not the address of a proxy: write http://host:port, socks5h://host:port or \"direct\" [C04]",
    ),
    (
        "[[feed]]\nurl = \"https://a.example/\"\nextra_ca = \"missing.pem\"\n",
        "a.toml:3:12: missing.pem cannot be read: No such file or directory (os error 2): name a file of certificates, readable for bongsu [C04]",
    ),
    (
        "[[feed]]\nurl = \"https://a.example/\"\nextra_ca = \"a.toml\"\n",
        "a.toml:3:12: `extra_ca` must hold certificates as PEM (BEGIN CERTIFICATE): name another file [C04]",
    ),
    (
        "[[feed]]\nurl = \"https://a.example/\"\nclient_cert = \"x\"\n",
        "a.toml:3:15: `client_cert` must hold a certificate and its private key, both as PEM: name another file [C04]",
    ),
    (
        "[[feed]]\nurl = \"https://a.example/\"\ntls_insecure = true\n",
        "a.toml:3:1: warning: the server of this feed is not verified: whoever is in between can read and change everything: give the certificate that is missing as `extra_ca` instead [C28]",
    ),
    (
        "[[feed]]\nurl = \"https://a.example/\"\ncookies = \"all\"\n",
        "a.toml:3:11: `cookies` cannot be \"all\": write \"none\" or \"chain\" [C04]",
    ),
    (
        "[[feed]]\nurl = \"https://a.example/\"\nuser_agent = \"책상\"\n",
        "a.toml:3:14: `user_agent` goes into a header and must be short, visible ASCII: write a name, a version and a contact [C04]",
    ),
    (
        "[[fetch]]\n",
        "a.toml:1:1: `fetch` stands once: write [fetch], with one bracket [C04]",
    ),
    (
        "[feed]\nurl = \"https://a.example/\"\n",
        "a.toml:1:1: `feed` is a list of tables: write [[feed]], with two brackets: there may be several [C04]",
    ),
    (
        "[store]\nurl = \"postgres://x/y\"\n",
        "a.toml:2:7: this version keeps its store in SQLite only: write \"sqlite:bongsu.db\" [C04]",
    ),
    (
        "[log]\nformat = \"jsn\"\n",
        "a.toml:2:10: `format` cannot be \"jsn\": did you mean \"json\"? [C04]",
    ),
    (
        "[log]\nlevel = \"loud\"\n",
        "a.toml:2:9: `loud` is not a level: write \"error\", \"warn\", \"info\", \"debug\" or \"trace\" [C04]",
    ),
    (
        "[web]\nlisten = \"0.0.0.0:80\"\n",
        "a.toml:2:10: others can reach this address, and there is no token: add token = { file = \"web-token\" }, or listen on 127.0.0.1 [C04]",
    ),
    (
        "[web]\nlisten = \"here\"\n",
        "a.toml:2:10: `here` is not an address to listen on: write \"127.0.0.1:8787\", \"unix:/path\" or \"\" [C04]",
    ),
    (
        "[[feed]]\n",
        "a.toml:1:1: [[feed]] needs `url`: write for example url = \"https://example.org/feed.xml\" [C02]",
    ),
    (
        "[[feed]]\nurl = \"ftp://a.example/\"\n",
        "a.toml:2:7: this is not the address of a web page (neither http nor https): write https://host/path [C04]",
    ),
    (
        "[[feed]]\nid = \"a b\"\nurl = \"https://a.example/\"\n",
        "a.toml:2:6: \"a b\" cannot be an id: use letters, digits, `-` and `_`, at most 100 [C04]",
    ),
    (
        "[[feed]]\nurl = \"https://a.example/\"\ntags = [\"x\", 3]\n",
        "a.toml:3:14: `tags` is a number: write a text between quotes [C03]",
    ),
    (
        "[[feed]]\nurl = \"https://a.example/\"\ndefault_tz = \"Asia/Soul\"\n",
        "a.toml:3:14: there is no time zone `Asia/Soul`: did you mean \"Asia/Seoul\"? [C04]",
    ),
    (
        "[[feed]]\nurl = \"https://a.example/\"\nlanguage = \"Korean\"\n",
        "a.toml:3:12: `Korean` is not a language: did you mean \"ko\"? [C04]",
    ),
    (
        "[[entity]]\nid = \"x\"\n",
        "a.toml:1:1: [[entity]] needs `name`: write for example name = \"Hanwha Aerospace\" [C02]",
    ),
    (
        "[[entity]]\nid = \"x\"\nname = \"X\"\ncontext_within = \"page\"\n",
        "a.toml:4:18: `context_within` cannot be \"page\": write \"entry\", \"p\" (paragraph), \"s\" (sentence), or a number of words from 0 to 1000 [C04]",
    ),
    (
        "[[rule]]\nid = \"r\"\n",
        "a.toml:1:1: [[rule]] needs `query`: write for example query = 'tank NEAR/5 export*' [C02]",
    ),
    (
        "[[rule]]\nid = \"r\"\nquery = 'K2 NEAR/5'\nenabled = false\n",
        "a.toml:3:13: NEAR needs something on its right: write a word, a \"phrase\" or brackets there, or leave the operator out [E03]",
    ),
    (
        "[[rule]]\nid = \"r\"\nquery = 'K2'\nseverity = \"hgh\"\nenabled = false\n",
        "a.toml:4:12: `severity` cannot be \"hgh\": did you mean \"high\"? [C04]",
    ),
    (
        "[[rule]]\nid = \"r\"\nquery = 'K2'\nreceivers = [\"dsk\"]\n[[receiver]]\nid = \"desk\"\nkind = \"terminal\"\n",
        "a.toml:4:14: there is no receiver \"dsk\": did you mean \"desk\"? [C07]",
    ),
    (
        "[[rule]]\nid = \"r\"\nquery = 'K2'\nfeeds = [\"x\"]\nenabled = false\n",
        "a.toml:4:10: there is no feed \"x\": add a [[feed]] with this id, or leave it out [C07]",
    ),
    (
        "[[rule]]\nid = \"r\"\nquery = 'K2'\nfeeds = [\"tag:x\"]\nenabled = false\n",
        "a.toml:4:10: warning: no feed has the tag \"x\": tag a feed so, or leave it out [C26]",
    ),
    (
        "[[rule]]\nid = \"r\"\nquery = 'K2'\n",
        "a.toml:2:6: warning: nobody is told of \"r\": give it receivers = [\"…\"], or a receiver default = true [C25]",
    ),
    (
        "[[rule]]\nid = \"r\"\nquery = 'K2'\nenabled = false\n[[rule.test]]\ntitle = \"x\"\n",
        "a.toml:5:1: [[rule.test]] needs `match`: write for example match = true [C02]",
    ),
    (
        "[[rule]]\nid = \"r\"\nquery = 'K2'\nenabled = false\ninhibit = [{ by = \"r\" }]\n",
        "a.toml:2:6: \"r\" keeps itself quiet: take it out of `inhibit`, there or in a rule that it names [C30]",
    ),
    (
        "[[receiver]]\nid = \"x\"\nkind = \"slak\"\nchannel = \"c\"\n",
        "a.toml:3:8: there is no receiver of kind \"slak\": did you mean \"slack\"? [C04]",
    ),
    (
        "[[receiver]]\nid = \"x\"\nkind = \"pigeon\"\n",
        "a.toml:3:8: there is no receiver of kind \"pigeon\": this version has `terminal`, `file`, `command`, `webhook`, `email`, `slack`, `discord`, `telegram`, `teams`, `matrix`, `mattermost`, `ntfy`, `gotify`, `pushover`, `pagerduty`, `opsgenie`, `alertmanager`, `jandi`, `dooray`, `kakaowork`, `line-works`, `signal`, `apprise`, `syslog`, `journald`, `mqtt` and `nats` [C04]",
    ),
    (
        "[[receiver]]\nid = \"x\"\nkind = \"slack\"\nurl = \"https://a.example/\"\ntoken = \"t\"\n",
        "a.toml:5:1: `url` and `token` exclude each other: keep one of them [C04]",
    ),
    (
        "[[receiver]]\nid = \"x\"\nkind = \"slack\"\n",
        "a.toml:1:1: [[receiver]] needs `url`: write for example url = { file = \"slack-url\" }, or `token` [C02]",
    ),
    (
        "[[receiver]]\nid = \"x\"\nkind = \"slack\"\nurl = \"https://a.example/\"\nchannel = \"c\"\n",
        "a.toml:5:11: `channel` is for a bot: a webhook posts where it was made for: leave it out, or give `token` instead of `url` [C04]",
    ),
    (
        "[[receiver]]\nid = \"x\"\nkind = \"telegram\"\ntoken = \"1:a\"\nchat = \"desk\"\n",
        "a.toml:5:8: `chat` is neither a number nor a @channel: write chat = \"-1001234567890\" or chat = \"@channel\" [C04]",
    ),
    (
        "[[receiver]]\nid = \"x\"\nkind = \"matrix\"\nurl = \"https://u:p@a.example/\"\ntoken = \"t\"\nroom = \"!a:b\"\n",
        "a.toml:4:7: `url` holds a log-in or a query: write https://host/path alone; tokens have keys of their own [C04]",
    ),
    (
        "[[receiver]]\nid = \"x\"\nkind = \"teams\"\nurl = \"a.example\"\n",
        "a.toml:4:7: this is not the address of a web page (it does not begin with https://): write https://host/path [C04]",
    ),
    (
        "[[receiver]]\nid = \"x\"\nkind = \"kakaowork\"\ntoken = \"t\"\nconversation = \"1\"\nemail = \"a@b.example\"\n",
        "a.toml:6:1: `conversation` and `email` exclude each other: keep one of them [C04]",
    ),
    (
        "[[receiver]]\nid = \"x\"\nkind = \"mqtt\"\nserver = \"mqtt://u:p@h\"\ntopic = \"t\"\n",
        "a.toml:4:10: `server` holds a log-in: give it as `username` and `password` [C04]",
    ),
    (
        "[[receiver]]\nid = \"x\"\nkind = \"syslog\"\nserver = \"unix:/dev/log\"\nfacility = \"loca0\"\n",
        "a.toml:5:12: `facility` cannot be \"loca0\": did you mean \"local0\"? [C04]",
    ),
    (
        "[[receiver]]\nid = \"x\"\nkind = \"file\"\npath = \"p\"\ntitle = \"t\"\n",
        "a.toml:5:1: a file receiver has no key `title`: this kind takes `path` [C01]",
    ),
    (
        "[[receiver]]\nid = \"x\"\nkind = \"file\"\npath = \"p\"\nurl = \"https://a.example/\"\n",
        "a.toml:5:1: a file receiver has no key `url`: this kind takes `path` [C01]",
    ),
    (
        "[[receiver]]\nid = \"x\"\nkind = \"command\"\nargv = []\n",
        "a.toml:4:8: `argv` names no program: write [\"/usr/local/bin/tell\"] [C04]",
    ),
    (
        "[[receiver]]\nid = \"x\"\nkind = \"webhook\"\nurl = { env = \"HOOK\" }\n",
        "a.toml:4:15: the environment has no `HOOK`: set it where bongsu is started, as UTF-8, or name another [C04]",
    ),
    (
        "[[receiver]]\nid = \"x\"\nkind = \"webhook\"\nurl = { file = \"a\", env = \"B\" }\n",
        "a.toml:4:7: `url` must say where the secret is, once: write \"…\", { file = \"path\" }, { env = \"NAME\" } or { credential = \"name\" } [C04]",
    ),
    (
        "[[receiver]]\nid = \"x\"\nkind = \"email\"\nserver = \"smtp://h\"\nfrom = \"me\"\nto = \"you@example.org\"\n",
        "a.toml:5:8: `me` is not a mail address: write name@host or \"Name <name@host>\" [C04]",
    ),
    (
        "[[receiver]]\nid = \"x\"\nkind = \"terminal\"\nonly = 'lang:'\n",
        "a.toml:4:9: `lang:` needs something on its right: write a word, a \"phrase\" or brackets after it, such as lang:ko [E12]",
    ),
    (
        "[[receiver]]\nid = \"x\"\nkind = \"terminal\"\ndigest = \"25:00\"\n",
        "a.toml:4:10: `25:00` is not a time of day (24 h): write one such as \"22:00\" [C04]",
    ),
    (
        "[[feed]]\nurl = http://h/x\n",
        "a.toml:2:7: this is not TOML: string values must be quoted: put it in straight quotes: \"…\", or '…' where it holds double ones [C00]",
    ),
    (
        "[log]\nlevel = \"info\n",
        "a.toml:2:14: this is not TOML: invalid basic string: end the text with \" on its line; one of several lines stands between \"\"\" and \"\"\" [C00]",
    ),
    (
        "[[rule]]\nid = \"a\"\nquery = \"\"North Korea\" AND K9\"\n",
        "a.toml:3:11: this is not TOML: unexpected key or value: one `key = value` a line; a text that holds double quotes stands in single ones: '…' [C00]",
    ),
    (
        "[[feed]]\nurl = \"www.yna.co.kr/rss\"\n",
        "a.toml:2:7: this is not the address of a web page (it does not begin with https://): write https://host/path [C04]",
    ),
    (
        "[[receiver]]\nid = \"x\"\nkind = \"terminal\"\nonly = \"/K9 \\d/\"\n",
        "a.toml:4:14: this is not TOML: missing escaped value: write \\\\ for a backslash; a regex stands in single quotes: '/K\\d/' [C00]",
    ),
    (
        "a = 'x\n",
        "a.toml:1:7: this is not TOML: invalid literal string: write `'` [C00]",
    ),
    (
        "[[feed]]\nurl: \"https://a.example/\"\n",
        "a.toml:2:4: this is not TOML: `:` stands where TOML has `=`: write url = and the value [C00]",
    ),
    (
        "[[feed]]\nurl ＝ \"https://a.example/\"\n",
        "a.toml:2:5: this is not TOML: `＝` stands where TOML has `=`: write url = and the value [C00]",
    ),
    (
        "[[feed]]\nurl = \"https://a.example/\"\nenabled = yes\n",
        "a.toml:3:11: this is not TOML: `yes` is no value: write true [C00]",
    ),
    (
        "[[feed]]\nurl = \"https://a.example/\"\nenabled = Off\n",
        "a.toml:3:11: this is not TOML: `Off` is no value: write false [C00]",
    ),
    (
        "[[feed]]\nurl = \"https://a.example/\";\n",
        "a.toml:2:27: this is not TOML: `;` ends no line here: leave it out [C00]",
    ),
    (
        "[[rule]]\nid = \"r\"\nquery = 'K9 'KAI''\nenabled = false\n",
        "a.toml:3:14: this is not TOML: the single quote before it ends the text: put the whole text between double quotes: \"…\"; it may hold single ones then [C00]",
    ),
    (
        "[[feed]]\n주소 = \"https://a.example/\"\n",
        "a.toml:2:1: this is not TOML: `주소` cannot be a key: keys are English words, such as url, id or query [C00]",
    ),
    (
        "[[feed]]\n url = \"https://a.example/\"\n",
        "a.toml:2:1: this is not TOML: a no-break space stands here (U+00A0): write an ordinary space, or none [C00]",
    ),
    (
        "[log]\nlevel =\n",
        "a.toml:2:8: this is not TOML: a value is missing here: write one, such as level = \"…\", or take the line out [C00]",
    ),
    (
        "feeds:\n  - url: https://a.example/\n    id: a\n",
        "a.toml:1:1: this is YAML, and config is TOML: write [[feed]], and below it one `key = \"value\"` a line, with = instead of : [C00]",
    ),
    (
        "{\"feed\": [{\"url\": \"https://a.example/\"}]}\n",
        "a.toml:1:1: this is JSON, and config is TOML: write [[feed]], and below it one `key = \"value\"` a line [C00]",
    ),
    (
        "[\n  {\"url\": \"https://a.example/\"}\n]\n",
        "a.toml:1:1: this is JSON, and config is TOML: write [[feed]], and below it one `key = \"value\"` a line [C00]",
    ),
    (
        "[[feed]]\nurl = \"https://a.example/\"\ntags = [\"wire\", \"ko\"\n[[receiver]]\nid = \"t\"\nkind = \"terminal\"\ndefault = true\n",
        "a.toml:3:8: this is not TOML: this list is never closed: close it with `]`, on its line or below its last element [C00]",
    ),
    (
        "[[feed]]\nurl = \"https://a.example/\"\ntags = [\n  \"a]b\", # ]\n  \"ko\",\ninterval = \"5m\"\n",
        "a.toml:3:8: this is not TOML: this list is never closed: close it with `]`, on its line or below its last element [C00]",
    ),
    (
        "[[rule]]\nid = \"r\"\nquery = 'K2'\nenabled = false\nrevisions = true\n",
        "a.toml:5:13: `revisions` is true or false: write \"first\", \"all\" or \"none\" [C03]",
    ),
    (
        "[[entity]]\nid = \"x\"\nname = \"X\"\ncontext_within = \"sentence\"\n",
        "a.toml:4:18: `context_within` cannot be \"sentence\": write \"s\" [C04]",
    ),
    (
        "[[entity]]\nid = \"x\"\nname = \"X\"\ncontext_within = true\n",
        "a.toml:4:18: `context_within` is true or false: write \"entry\", \"p\" (paragraph), \"s\" (sentence), or a number of words from 0 to 1000 [C03]",
    ),
    (
        "[alerts]\nstory_guards = [\"weapn\"]\n[[entity]]\nid = \"x\"\nname = \"X\"\nclasses = [\"weapon\"]\n",
        "a.toml:2:17: no entity has the class \"weapn\": did you mean \"weapon\"? [C07]",
    ),
    (
        "[[receiver]]\nid = \"a\"\nkind = \"slak\"\ndefault = true\n[[rule]]\nid = \"r\"\nquery = 'K2'\n",
        "a.toml:3:8: there is no receiver of kind \"slak\": did you mean \"slack\"? [C04]",
    ),
    (
        "[[rule.test]]\ntitle = \"K9\"\nmatch = true\n[[rule]]\nid = \"r\"\nquery = \"K9\"\n",
        "a.toml:1:3: [[rule.test]] stands above all [[rule]]: put it below the [[rule]] that it belongs to [C04]",
    ),
    (
        "[[entity]]\nid = \"x\"\nname = \"X Corp\"\nambiguous = [\"X1\"]\ncontext = 5\n[[rule]]\nid = \"r\"\nquery = \"@x\"\nenabled = false\n",
        "a.toml:5:11: `context` is a number: write a text between quotes [C03]",
    ),
];

#[test]
fn what_is_wrong_is_said_at_its_place() {
    for (text, expected) in BAD {
        assert_eq!(lines(text), [*expected], "{text}");
    }
}

#[test]
fn eight_mistakes_of_one_config_are_told_together() {
    let (loaded, text) = load_files(&[
        (
            "a.toml",
            "[fetch]\nconcurency = 3\nmax_wire = \"big\"\n\n[[feed]]\nid = \"f\"\nurl = \"nowhere\"\n\n[web]\nlisten = 8787\n",
        ),
        (
            "rules/b.toml",
            "[[rule]]\nid = \"r\"\nquery = '''\nK2 AND\n(K9 OR'''\nreceivers = [\"desk\"]\nfeeds = [\"f\", \"g\"]\nseverity = \"urgent\"\n",
        ),
        ("rules/c.toml", "[fetch]\nx = 1\n"),
    ]);
    assert!(loaded.config.is_none());
    let places: Vec<&str> = text
        .lines()
        .filter(|line| line.contains(".toml:") && !line.starts_with(' '))
        .map(|line| line.split(": ").next().unwrap())
        .collect();
    assert_eq!(
        places,
        [
            "a.toml:2:1",
            "a.toml:3:12",
            "a.toml:7:7",
            "a.toml:10:10",
            "rules/b.toml:5:1",
            "rules/b.toml:6:14",
            "rules/b.toml:7:15",
            "rules/b.toml:8:12",
            "rules/c.toml:1:1",
            "rules/c.toml:2:1",
        ],
        "{text}"
    );
    assert_eq!(loaded.problems.errors(), 10);
}

#[test]
fn a_problem_shows_its_line_and_a_caret_below_hangul() {
    let (_, text) = load_files(&[(
        "a.toml",
        "[[rule]]\nid = \"r\"\nquery = '한화 NEAR/5 (K9 OR'\nenabled = false\n",
    )]);
    assert_eq!(
        text,
        "a.toml:3:20: this bracket is never closed: close the bracket with `)` [E06]\n  |\n\
         3 | query = '한화 NEAR/5 (K9 OR'\n  |                      ^     ^ `)` is missing here\n\n"
    );
}

#[test]
fn places_in_escaped_strings_are_right() {
    for (literal, place) in [
        (r#""\uD55C\uD654 NEAR/5""#, "a.toml:3:23"),
        ("\"\"\"\nK2 \\\n  NEAR/5\"\"\"", "a.toml:5:3"),
        ("'''K2\nNEAR/5'''", "a.toml:4:1"),
        ("'''K2\r\nNEAR/5'''", "a.toml:4:1"),
    ] {
        let found = lines(&format!(
            "[[rule]]\nid = \"r\"\nquery = {literal}\nenabled = false\n"
        ));
        assert!(found[0].starts_with(place), "{literal}: {found:?}");
    }
}

#[test]
fn what_is_given_twice_names_both_places() {
    let (_, text) = load_files(&[
        (
            "a.toml",
            "[log]\n[[rule]]\nid = \"r\"\nquery = 'K2'\nenabled = false\n",
        ),
        (
            "b.toml",
            "[log]\n[[rule]]\nid = \"r\"\nquery = 'K9'\nenabled = false\n",
        ),
    ]);
    assert!(
        text.contains("b.toml:1:1: [log] is given twice, first at "),
        "{text}"
    );
    assert!(text.contains("= a.toml:1:1: first given here\n"), "{text}");
    assert!(
        text.contains("b.toml:3:6: the rule \"r\" is given twice, first at "),
        "{text}"
    );
    let (_, text) = load_files(&[("a.toml", "[log]\nlevel = \"info\"\n\n[web]\n\n[log]\n")]);
    assert!(
        text.starts_with("a.toml:6:2: `log` is given twice: keep one of the two [C05]"),
        "{text}"
    );
    assert!(text.contains("1 | [log]"), "{text}");
}

#[test]
fn syntax_errors_do_not_hide_the_rest() {
    let found =
        lines("[fetch]\nconcurrency = = 3\nbudgit = 3\n\n[[feed]]\nurl = \"https://a.example/\n");
    let places: Vec<_> = found
        .iter()
        .map(|line| line.split(": ").next().unwrap())
        .collect();
    assert_eq!(
        places,
        ["a.toml:2:15", "a.toml:3:1", "a.toml:6:26"],
        "{found:?}"
    );
}

#[test]
fn one_mistake_is_told_once() {
    // The rule names a receiver and a feed that are there, though both are broken.
    let found = lines(
        "[[receiver]]\nid = \"desk\"\nkind = \"webhook\"\n[[feed]]\nid = \"f\"\nurl = \"x\"\n[[rule]]\nid = \"r\"\nquery = 'K2'\nreceivers = [\"desk\"]\nfeeds = [\"f\"]\n",
    );
    assert_eq!(found.len(), 2, "{found:?}");
}

const WHOLE: &str = r##"
[store]
url = "sqlite:news.db"
keep_entries = "0"
keep_alerts = "30d"

[fetch]
contact = "mailto:desk@example.org"
interval = "15m"
timeout = { total = "30s" }
allow_networks = ["127.0.0.0/8", "::1"]
max_body = "1 MiB"
start_rate = "5/s"
robots = "all"

[alerts]
backlog = "12h"
give_up = 0

[web]
listen = "unix:/run/bongsu/web.sock"
public_url = "https://watch.example.org/"
token = "correct horse"

[log]
level = "info,bongsu::fetch=debug"
format = "json"

[[feed]]
url = "https://en.yna.co.kr/RSS/news.xml"
id = "yonhap-en"
tags = ["wire", "en"]
interval = "5m"
default_tz = "Asia/Seoul"
headers = { Authorization = "Bearer abc" }

[[entity]]
id = "hanwha"
name = "Hanwha Group"
classes = ["#company"]
aliases = ["한화"]
ambiguous = ["Hanwha"]
context = 'defence OR 방산'
context_within = 12
not_in = ["Hanwha Eagles"]
links = { wikidata = "Q1" }

[[macro]]
id = "export"
query = 'export* OR 수출*'

[[rule]]
id = "arms"
title = "Arms"
query = '''#company NEAR/s $export'''
severity = "high"
receivers = ["desk", "log"]
feeds = ["yonhap-en", "tag:wire"]
languages = ["ko", "zh-Hant"]
notify = "entry"
revisions = "none"

[[rule.test]]
title = "한화 방산 수출"
match = true

[[receiver]]
id = "desk"
kind = "email"
server = "smtps://mail.example.org"
from = "bongsu <bongsu@example.org>"
to = ["desk@example.org"]
username = "u"
password = "hunter2"
min_severity = "low"
only = 'lang:ko'
language = "ko"
zone = "Asia/Seoul"
rate = "10/h"

[[receiver]]
id = "log"
kind = "file"
path = "alerts.jsonl"
default = true

[[receiver]]
id = "hook"
kind = "webhook"
url = "https://hooks.example.org/T0KEN"
secret = ["one", "two"]
headers = { X-Desk = "7" }

[[receiver]]
id = "tell"
kind = "command"
argv = ["/bin/tell", ""]
timeout = "5s"
"##;

#[test]
fn a_whole_config_is_read() {
    let config = good(&[("a.toml", &WHOLE.replace("give_up = 0", "give_up = \"2d\""))]);
    assert_eq!(config.store.path, Path::new("news.db"));
    assert_eq!(
        (config.store.keep_entries, config.store.keep_alerts),
        (None, Some(Duration::from_hours(720)))
    );
    assert_eq!(
        config.fetch.interval,
        Interval::Fixed(Duration::from_mins(15))
    );
    assert_eq!(config.fetch.timeout.total, Duration::from_secs(30));
    assert_eq!(config.fetch.timeout.connect, Duration::from_secs(10));
    assert_eq!(config.fetch.allow_networks.len(), 2);
    assert_eq!(config.fetch.max_body, 1 << 20);
    assert_eq!(config.fetch.robots, RobotsPolicy::All);
    assert_eq!(config.alerts.backlog, Duration::from_hours(12));
    assert_eq!(
        config.web.listen,
        Listen::Unix("/run/bongsu/web.sock".into())
    );
    assert_eq!(
        config.web.public_url.as_deref(),
        Some("https://watch.example.org")
    );
    assert_eq!(config.web.tokens[0].secret.expose(), "correct horse");
    let feed = &config.feeds[0];
    assert_eq!(
        (feed.id.as_str(), feed.interval),
        ("yonhap-en", Some(Duration::from_mins(5)))
    );
    assert_eq!(feed.headers["Authorization"].expose(), "Bearer abc");
    let entity = &config.definitions.entities[0];
    assert_eq!(entity.classes, ["company"]);
    assert_eq!(entity.context_within, ContextWithin::Words(12));
    let rule = &config.definitions.rules[0];
    assert_eq!(rule.severity, Severity::High);
    assert_eq!(rule.feeds[1], FeedSelector::Tag("wire".to_owned()));
    assert_eq!(rule.languages, ["ko", "zh"]);
    assert_eq!(
        (rule.notify, rule.revisions),
        (Notify::Entry, Revisions::None)
    );
    assert!(rule.tests[0].expect);
    assert!(
        matches!(&config.receivers[0].kind, ReceiverKind::Email(email)
        if email.tls == Tls::Implicit && email.server == "smtp://mail.example.org")
    );
    assert!(
        matches!(&config.receivers[2].kind, ReceiverKind::Webhook(webhook) if webhook.secrets.len() == 2)
    );
    assert!(
        matches!(&config.receivers[3].kind, ReceiverKind::Command { argv, .. } if argv.len() == 2)
    );
    assert!(
        !format!("{config:?}").contains("hunter2\""),
        "secrets are not shown by Debug of values"
    );
}

#[test]
fn defaults_stand_where_nothing_is_said() {
    let config = good(&[("a.toml", "")]);
    assert_eq!(config.fetch, FetchSettings::default());
    assert_eq!(config.web, WebSettings::default());
    assert_eq!(config.alerts.give_up, Duration::from_hours(72));
    assert_eq!(config.store.keep_entries, Some(Duration::from_hours(8_760)));
}

#[test]
fn no_secret_is_shown_not_even_where_it_is_wrong() {
    for text in [
        "[[receiver]]\nid = \"x\"\nkind = \"webhook\"\nurl = \"ftp://hooks.example.org/hunter2\"\n",
        "[[receiver]]\nid = \"x\"\nkind = \"email\"\npasword = \"hunter2\"\n",
        "[[receiver]]\nid = \"x\"\nkind = \"email\"\npassword = \"hunter2\n",
        "[[receiver]]\nid = \"x\"\nkind = \"terminal\"\npassword = \"hunter2\"\n",
        "[[receiver]]\nid = \"x\"\nkind = \"email\"\nserver = \"smtp://me:hunter2@h\"\n",
        "[web]\ntoken = \"hunter2\"\n",
        "[fetch]\nproxy = \"me:hunter2@proxy\"\n",
        "[[feed]]\nurl = \"https://a.example/\"\nheaders = { Authorization = \"hunter2\\u0007\" }\n",
        "[[feed]]\nurl = \"https://a.example/\"\nheader = { Authorization = \"hunter2\" }\n",
    ] {
        let (loaded, shown) = load_files(&[("a.toml", text)]);
        assert!(loaded.problems.errors() > 0, "{text}");
        assert!(!shown.contains("hunter2"), "{shown}");
        assert!(
            !loaded.problems.to_json().to_string().contains("hunter2"),
            "{text}"
        );
        assert!(
            shown.contains("‹redacted›") || !shown.contains("hunter"),
            "{shown}"
        );
    }
}

#[test]
fn secrets_come_from_files_environment_and_credentials() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let write = |name: &str, text: &str, mode: u32| {
        fs::write(here.join(name), text).unwrap();
        fs::set_permissions(here.join(name), fs::Permissions::from_mode(mode)).unwrap();
    };
    write("token", "from the file\n", 0o600);
    write("cred", "from systemd", 0o600);
    let config = "[[web.token]]\nname = \"a\"\nsecret = { file = \"token\" }\n\
                  [[web.token]]\nname = \"b\"\nsecret = { env = \"TOKEN\" }\nread_only = true\n\
                  [[web.token]]\nname = \"c\"\nsecret = { credential = \"cred\" }\n";
    write("a.toml", config, 0o644);
    let credentials = here.to_str().unwrap().to_owned();
    let env = |name: &str| match name {
        "TOKEN" => Some("from the environment".to_owned()),
        "CREDENTIALS_DIRECTORY" => Some(credentials.clone()),
        _ => None,
    };
    let loaded = load(here, &env);
    assert!(
        loaded.problems.is_empty(),
        "{}",
        loaded.problems.render(false)
    );
    let tokens = loaded.config.unwrap().web.tokens;
    let texts: Vec<_> = tokens.iter().map(|token| token.secret.expose()).collect();
    assert_eq!(
        texts,
        ["from the file", "from the environment", "from systemd"]
    );
    assert!(tokens[1].read_only);

    write("token", "from the file\n", 0o644);
    let loaded = load(here, &env);
    assert_eq!(
        (loaded.problems.errors(), loaded.problems.warnings()),
        (0, 1)
    );
    write("a.toml", "[web]\ntoken = \"in plain sight\"\n", 0o644);
    let shown = load(here, &env).problems.render(false);
    assert!(
        shown.contains("a.toml:2:9: warning: this file holds a secret, and everyone"),
        "{shown}"
    );
    write("a.toml", &config.replace("cred\"", "../cred\""), 0o644);
    let shown = load(here, &env).problems.render(false);
    assert!(
        shown.contains("this is not the name of a credential"),
        "{shown}"
    );
    let shown = load(here, &no_env).problems.render(false);
    assert!(shown.contains("the environment has no `TOKEN`"), "{shown}");
}

#[test]
fn folders_are_read_in_order_and_hidden_things_are_not() {
    let opml = "<opml><body><outline text='Trade Press'><outline xmlUrl='https://b.example/' text='B'/>\
                <outline xmlUrl='https://a.example/'/><outline xmlUrl='https://b.example/'/></outline></body></opml>";
    let config = good(&[
        (
            "z.toml",
            "[[feed]]\nid = \"z\"\nurl = \"https://z.example/\"\n",
        ),
        (
            "feeds/a.toml",
            "[[feed]]\nid = \"a\"\nurl = \"https://a.example/\"\n",
        ),
        ("feeds/list.opml", opml),
        (".hidden.toml", "nonsense"),
        (".git/x.toml", "nonsense"),
        ("notes.txt", "nonsense"),
    ]);
    let feeds: Vec<_> = config
        .feeds
        .iter()
        .map(|feed| (feed.url.as_str(), feed.tags.join(" ")))
        .collect();
    assert_eq!(
        feeds,
        [
            ("https://a.example/", "trade-press".to_owned()),
            ("https://z.example/", String::new()),
            ("https://b.example/", "trade-press".to_owned()),
        ]
    );
    let (_, text) = load_files(&[(
        "a.opml",
        "<opml><outline text='x' xmlUrl='javascript:1'/></opml>",
    )]);
    assert!(
        text.starts_with("a.opml:1:7: `javascript:1`: this is not the address of a web page"),
        "{text}"
    );
}

#[test]
fn what_cannot_be_read_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let missing = load(&folder.path().join("none"), &no_env);
    assert!(
        missing
            .problems
            .render(false)
            .contains("the config cannot be read")
    );
    assert!(
        load(folder.path(), &no_env)
            .problems
            .render(false)
            .contains(":1:1: this folder holds no *.toml")
    );
    fs::write(folder.path().join("a.toml"), b"# ok\nx = '\xff'\n").unwrap();
    assert!(
        load(folder.path(), &no_env)
            .problems
            .render(false)
            .contains("a.toml:2:6: what stands here is not UTF-8")
    );
}

#[test]
fn a_feed_says_how_it_is_reached() {
    let key = rcgen::generate_simple_self_signed(vec!["desk".to_owned()]).unwrap();
    let pem = |kind: &str, der: &[u8]| {
        use base64::Engine as _;
        let text = base64::engine::general_purpose::STANDARD.encode(der);
        format!("-----BEGIN {kind}-----\n{text}\n-----END {kind}-----\n")
    };
    let cert = pem("CERTIFICATE", key.cert.der());
    let both = cert.clone() + &pem("PRIVATE KEY", &key.signing_key.serialize_der());
    let feeds = "[[feed]]\nurl = \"https://a.example/\"\nallow_downgrade = true\nextra_ca = \"ca.pem\"\n\
         client_cert = { file = \"me.pem\" }\nproxy = \"http://u:hunter2@p.example:1\"\n\
         user_agent = \"desk/1\"\ncookies = \"chain\"\n\
         [[feed]]\nurl = \"https://b.example/\"\nproxy = \"direct\"\n\
         [[feed]]\nurl = \"https://c.example/\"\ncookies = \"none\"\ntls_insecure = false\n";
    let config = good(&[("a.toml", feeds), ("ca.pem", &cert), ("me.pem", &both)]);
    let transports: Vec<_> = config
        .feeds
        .iter()
        .map(|feed| feed.transport.as_deref())
        .collect();
    let own = transports[0].unwrap();
    assert!(own.allow_downgrade && own.chain_cookies && !own.tls_insecure);
    assert_eq!(own.extra_ca.as_deref(), Some(cert.as_str()));
    assert_eq!(own.client_cert.as_ref().unwrap().expose(), both.trim_end());
    assert_eq!(own.user_agent.as_deref(), Some("desk/1"));
    assert!(matches!(&own.proxy, Proxy::Url(url) if url.expose().contains("hunter2")));
    assert!(!format!("{own:?}").contains("hunter2"));
    assert_eq!(transports[1].unwrap().proxy, Proxy::Direct);
    assert_eq!(transports[2], None, "nothing special, nothing kept");
}

#[test]
fn the_systems_proxies_are_read_where_config_says_so() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("a.toml"),
        "[fetch]\nproxy = \"system\"\n",
    )
    .unwrap();
    let env = |name: &str| match name {
        "https_proxy" => Some("proxy.example:3128".to_owned()),
        "no_proxy" => Some("intern.example".to_owned()),
        _ => None,
    };
    let config = load(folder.path(), &env).config.unwrap();
    let Proxies::System(system) = config.fetch.proxy else {
        panic!("{:?}", config.fetch.proxy);
    };
    assert_eq!(system.https.unwrap().expose(), "http://proxy.example:3128");
    assert_eq!(
        (system.http, system.except.as_str()),
        (None, "intern.example")
    );
    let wrong = |name: &str| (name == "all_proxy").then(|| "ftp://hunter2".to_owned());
    let problems = load(folder.path(), &wrong).problems.render(false);
    assert!(
        problems.contains("$all_proxy") && !problems.contains("hunter2"),
        "{problems}"
    );
}

#[test]
fn what_is_wrong_on_account_of_a_macro_is_shown_where_it_is_used_and_where_it_is_defined() {
    let tables = |name: &str, definition: &str, query: &str| {
        format!(
            "[[macro]]\nid = \"{name}\"\nquery = '{definition}'\n[[rule]]\nid = \"r\"\nquery = '{query}'\n"
        )
    };
    for (definition, query, first, second) in [
        (
            "K2 OR @nobody",
            "Poland $m",
            "a.toml:3:16:",
            "a.toml:6:17: used here",
        ),
        (
            "K2 NOT Poland",
            "K9 NEAR/5 $m",
            "a.toml:6:20:",
            "a.toml:3:10: defined here",
        ),
        (
            "NOT Poland",
            "$m",
            "a.toml:6:10:",
            "a.toml:3:10: defined here",
        ),
    ] {
        let (_, told) = load_files(&[("a.toml", &tables("m", definition, query))]);
        assert!(told.contains(first) && told.contains(second), "{told}");
    }
}

#[test]
fn nothing_is_said_of_the_shipped_config() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("config");
    let problems = load(&folder, &no_env).problems;
    assert!(problems.is_empty(), "{}", problems.render(false));
}

#[test]
fn a_query_that_names_a_feed_where_there_is_none_is_wrong() {
    let rule = "[[rule]]\nid = \"r\"\nquery = 'K2 feed:nofeed'\n";
    let (_, told) = load_files(&[("a.toml", rule)]);
    assert!(
        told.contains("a.toml:3:18:") && told.contains("[E34]"),
        "{told}"
    );
}

#[test]
fn problems_of_compiled_definitions_are_shown_in_the_files() {
    let config = good(&[("a.toml", &WHOLE.replace("give_up = 0", "give_up = \"2d\""))]);
    let shown = |place, text: &str, piece: &str| {
        let start = text.find(piece).unwrap();
        let diagnostic =
            Diagnostic::error("E99", start..start + piece.len(), "wrong").related(0..1, "seen");
        let problem = config.locate(&matching::Problem { place, diagnostic });
        let Where::At(place) = problem.at else {
            panic!("no place");
        };
        config.sources.text(place.file)[place.span].to_owned()
    };
    assert_eq!(
        shown(Text::RuleQuery(0), "#company NEAR/s $export", "$export"),
        "$export"
    );
    assert_eq!(
        shown(Text::MacroQuery(0), "export* OR 수출*", "수출*"),
        "수출*"
    );
    assert_eq!(
        shown(Text::EntityContext(0), "defence OR 방산", "방산"),
        "방산"
    );
    assert_eq!(
        shown(Text::EntityAlias(0, AliasList::Aliases, 0), "한화", "한화"),
        "한화"
    );
    assert_eq!(
        shown(
            Text::EntityAlias(0, AliasList::Name, 0),
            "Hanwha Group",
            "Group"
        ),
        "Group"
    );
    assert_eq!(
        shown(
            Text::EntityAlias(0, AliasList::NotIn, 0),
            "Hanwha Eagles",
            "Eagles"
        ),
        "Eagles"
    );
    let diagnostic = Diagnostic::error("E99", 0..1, "wrong");
    let lost = config.locate(&matching::Problem {
        place: Text::RuleQuery(99),
        diagnostic,
    });
    assert!(
        Problems::new(vec![lost], Arc::clone(&config.sources))
            .render(false)
            .contains("wrong")
    );
    let test = config.places.rule_test(0, 0).unwrap();
    let before = &WHOLE[..WHOLE.find("[[rule.test]]").unwrap()];
    assert_eq!(
        config.sources.position(test).line,
        before.lines().count() + 1
    );
    assert!(config.places.receiver(0, "to").is_some());
}

#[test]
fn hostile_text_does_not_reach_the_terminal() {
    let (_, text) = load_files(&[(
        "a.toml",
        "[fetch]\n\"\\u001b[31m\" = 1 # \u{202e}\nmax_wire = \"\\u0007\"\n",
    )]);
    assert!(
        !text.contains('\u{1b}') && !text.contains('\u{7}') && !text.contains('\u{202e}'),
        "{text:?}"
    );
    let long = format!(
        "[[rule]]\nid = \"r\"\nenabled = false\nquery = '{}(K2'\n",
        "한화 ".repeat(5_000)
    );
    let (_, text) = load_files(&[("a.toml", &long)]);
    assert!(text.lines().all(|line| line.len() < 1_000), "{text}");
    assert!(text.contains("(K2"), "{text}");
}

proptest::proptest! {
    #[test]
    fn no_text_is_too_odd(text in "(\\[\\[?(rule|feed|receiver|web|x)\\]?\\]|(id|url|query|token|kind) ?= ?|\"[a-z(]*\"?|'''|\\{ ?file|[0-9]|\n|,|\\PC){0,40}") {
        let (loaded, shown) = load_files(&[("a.toml", &text)]);
        proptest::prop_assert_eq!(loaded.config.is_none(), loaded.problems.errors() > 0);
        proptest::prop_assert!(loaded.problems.is_empty() == shown.is_empty());
    }
}

#[test]
fn names_in_queries_are_looked_up_and_shown_in_the_files() {
    let entity = "[[entity]]\nid = \"hanwha\"\nname = \"Hanwha Group\"\nclasses = [\"firm\"]\n";
    let rule = |query: &str| {
        format!("{entity}[[rule]]\nid = \"r\"\nenabled = false\nquery = '''{query}'''\n")
    };
    for (text, expected) in [
        (rule("K9\n@hanwah"), "a.toml:9:1: unknown entity @hanwah"),
        (rule("K9 #frim @hanwha"), "a.toml:8:15: unknown class #frim"),
        (rule("$words @hanwha"), "a.toml:8:12: unknown macro $words"),
        (rule("NOT @hanwha"), "a.toml:8:12: "),
    ] {
        // That the entity is then used by nobody is a warning of its own.
        let mut found = lines(&text);
        found.retain(|line| !line.contains("warning"));
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].starts_with(expected), "{found:?}");
    }
    let receiver = "[[receiver]]\nid = \"x\"\nkind = \"terminal\"\nonly = '";
    let found = lines(&format!("{entity}{receiver}K9 @hanwah'\n"));
    assert!(
        found
            .iter()
            .any(|line| line.starts_with("a.toml:8:12: unknown entity")),
        "{found:?}"
    );
    let found = lines(&format!("{entity}{receiver}@hanwha'\n"));
    assert!(
        found.is_empty(),
        "what only a receiver uses is used: {found:?}"
    );
    let broken = "[[entity]]\nid = \"hanwha\"\n[[rule]]\nid = \"r\"\nenabled = false\nquery = '@hanwha K9'\n";
    assert_eq!(lines(broken).len(), 1, "{:?}", lines(broken));
}

#[test]
fn a_link_that_leads_nowhere_is_no_empty_config() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    fs::write(here.join("a.toml"), "").unwrap();
    let link = |to: &str, name: &str| std::os::unix::fs::symlink(to, here.join(name)).unwrap();
    link("away/receivers.toml", "receivers.toml");
    link("away/rules", "rules");
    link("away/data", ".hidden");
    let loaded = load(here, &no_env);
    let codes: Vec<_> = loaded.problems.iter().map(|problem| problem.code).collect();
    let text = loaded.problems.render(false);
    assert_eq!(codes, ["C10", "C10"], "{text}");
    for said in [
        "/receivers.toml:1:1: this link leads to away/receivers.toml",
        "/rules:1:1: this link",
    ] {
        assert!(text.contains(said), "{text}");
    }
    fs::create_dir_all(here.join("away/rules")).unwrap();
    fs::write(here.join("away/receivers.toml"), "").unwrap();
    assert!(load(here, &no_env).config.is_some());
}

#[test]
fn secrets_and_certificates_are_read_from_files_only_and_within_bounds() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let pipe = here.join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    fs::write(here.join("large"), "x".repeat(70_000)).unwrap();
    fs::write(here.join("huge"), "x".repeat(1_100_000)).unwrap();
    let pipe = pipe.to_str().unwrap();
    let secret =
        |file: &str| format!("[[web.token]]\nname = \"a\"\nsecret = {{ file = \"{file}\" }}\n");
    let extra_ca =
        |file: &str| format!("[[feed]]\nurl = \"https://e.example/\"\nextra_ca = \"{file}\"\n");
    for (config, said) in [
        (secret(pipe), "it is not a file"),
        (secret("/dev/zero"), "it is not a file"),
        (secret("large"), "it is larger than 64 KiB"),
        (extra_ca(pipe), "it is not a file"),
        (extra_ca("/dev/zero"), "it is not a file"),
        (extra_ca("huge"), "it is larger than 1024 KiB"),
    ] {
        fs::write(here.join("a.toml"), config).unwrap();
        let text = load(here, &no_env).problems.render(false);
        assert!(text.contains(said), "{text}");
    }
    for config in ["/dev/zero", pipe] {
        let text = load(Path::new(config), &no_env).problems.render(false);
        assert!(text.contains("neither a file nor a folder"), "{text}");
    }
}

#[test]
fn of_a_refused_config_there_is_what_could_be_read() {
    let receiver = "[[receiver]]\nid = \"a\"\nkind = \"file\"\npath = \"a\"\n";
    let (loaded, _) = load_files(&[("a.toml", &format!("[fetsh]\n{receiver}"))]);
    assert!(loaded.config.is_none());
    let partial = loaded.partial.unwrap();
    assert_eq!(partial.receivers.len(), 1);
    assert!(partial.places.receiver(0, "path").is_some());
}
