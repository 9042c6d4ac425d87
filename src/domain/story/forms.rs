//! Forms that several words or one syllable have in headlines: `steps down`, `한미`, `방한`.
//!
//! What single words do is in `vocabulary`.

/// Two words that are one, with what they are together.
pub(super) const PAIRS: &[(&str, &str, &str)] = &[
    ("south", "korea", "korea"),
    ("south", "korean", "korea"),
    ("south", "koreans", "korea"),
    ("s", "korea", "korea"),
    ("s", "korean", "korea"),
    ("north", "korea", "pyongyang"),
    ("north", "korean", "pyongyang"),
    ("n", "korea", "pyongyang"),
    ("n", "korean", "pyongyang"),
    ("united", "states", "usa"),
    ("united", "kingdom", "uk"),
    ("great", "britain", "uk"),
    ("new", "zealand", "wellington"),
    ("saudi", "arabia", "saudi"),
    ("saudi", "arabian", "saudi"),
    ("abu", "dhabi", "uae"),
    ("new", "delhi", "india"),
    ("the", "hague", "hague"),
    ("goes", "to", "award"),
    ("more", "time", "extend"),
    ("final", "two", "shortlist"),
    ("final", "three", "shortlist"),
    ("agree", "to", "intend"),
    ("agrees", "to", "intend"),
    ("agreed", "to", "intend"),
    ("steps", "down", "resign"),
    ("step", "down", "resign"),
    ("stepped", "down", "resign"),
    ("set", "to", "expected"),
    ("close", "to", "near"),
    ("hands", "over", "handover"),
    ("hand", "over", "handover"),
    ("handed", "over", "handover"),
    ("calls", "off", "cancel"),
    ("called", "off", "cancel"),
    ("call", "off", "cancel"),
    ("turns", "down", "reject"),
    ("turned", "down", "reject"),
    ("pushes", "back", "delay"),
    ("pushed", "back", "delay"),
    ("push", "back", "delay"),
    ("puts", "off", "delay"),
    ("put", "off", "delay"),
    ("pulls", "out", "leave"),
    ("pulled", "out", "leave"),
    ("backs", "out", "cancel"),
    ("takes", "over", "takeover"),
    ("take", "over", "takeover"),
    ("rolls", "out", "launch"),
    ("ruled", "out", "deny"),
    ("rules", "out", "deny"),
    ("call", "for", "urge"),
    ("calls", "for", "urge"),
    ("knocked", "out", "lose"),
    ("misses", "out", "lose"),
    ("falls", "through", "cancel"),
    ("fell", "through", "cancel"),
    ("walks", "away", "cancel"),
    ("vote", "against", "reject"),
    ("votes", "against", "reject"),
    ("voted", "against", "reject"),
    ("test", "fires", "tests"),
    ("test", "fired", "tests"),
    ("test", "fire", "tests"),
    ("shows", "off", "unveil"),
    ("showed", "off", "unveil"),
    ("rolled", "out", "launch"),
    ("walk", "away", "cancel"),
    ("picks", "up", "buy"),
    ("picked", "up", "buy"),
    ("snaps", "up", "buy"),
    ("gives", "nod", "approve"),
    ("green", "light", "approve"),
    ("life", "term", "sentence"),
    ("life", "sentence", "sentence"),
    ("in", "prison", "sentence"),
    ("in", "jail", "sentence"),
    ("slams", "into", "landfall"),
    ("slammed", "into", "landfall"),
    ("comes", "ashore", "landfall"),
    ("came", "ashore", "landfall"),
    ("heads", "for", "approach"),
    ("breaks", "ground", "groundbreaking"),
    ("broke", "ground", "groundbreaking"),
    ("stays", "in", "survive"),
    ("holds", "talks", "talk"),
    ("hands", "back", "handover"),
    ("sells", "out", "sell-out"),
    ("sold", "out", "sell-out"),
    ("stands", "pat", "unchanged"),
    ("stood", "pat", "unchanged"),
    ("goes", "for", "select"),
];

/// Words after which a new clause begins, where one went before.
pub(super) const CLAUSES: &[&str] = &[
    "after",
    "amid",
    "as",
    "despite",
    "following",
    "while",
    "because",
    "but",
    "before",
];

/// Countries that Korean headlines name by a syllable: `한미`, `미중`, and `한` beside a dot.
const SYLLABLES: &[(char, &str)] = &[
    ('한', "korea"),
    ('미', "usa"),
    ('중', "china"),
    ('일', "japan"),
    ('러', "russia"),
    ('북', "northkorea"),
    ('호', "australia"),
    ('영', "uk"),
    ('독', "germany"),
    ('불', "france"),
];

/// Such syllables that are one word.
const TOGETHER: &[&str] = &[
    "한미",
    "한일",
    "한중",
    "한러",
    "한미일",
    "한중일",
    "미중",
    "미일",
    "북미",
    "북러",
    "북중",
    "중일",
    "미러",
    "중러",
];

/// Visits that name where they lead.
pub(super) const VISITS: &[(&str, &str)] = &[
    ("방한", "korea"),
    ("방미", "usa"),
    ("방중", "china"),
    ("방일", "japan"),
    ("방러", "russia"),
    ("방북", "northkorea"),
];

/// The countries that a run of Hangul names by its syllables.
pub(super) fn korean_places(text: &str, beside_dot: bool) -> Vec<&'static str> {
    let one = beside_dot && text.chars().count() == 1;
    if !one && !TOGETHER.contains(&text) {
        return Vec::new();
    }
    let place = |c: char| {
        SYLLABLES
            .iter()
            .find(|(syllable, _)| *syllable == c)
            .map(|(_, place)| *place)
    };
    text.chars().filter_map(place).collect()
}
