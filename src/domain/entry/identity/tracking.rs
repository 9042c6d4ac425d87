//! Parts of an address that name the reader's way to a page, never the page: a closed list, told in docs/identity.md.
//!
//! What may select content anywhere is not in it: a name that means a campaign here and an article there is
//! judged by its value, or stays.

/// Names of such parameters, lower-case.
const NAMES: &[&str] = &[
    "fbclid",
    "fb_action_ids",
    "fb_action_types",
    "fb_ref",
    "fb_source",
    "gclid",
    "gclsrc",
    "gad_source",
    "gad_campaignid",
    "dclid",
    "gbraid",
    "wbraid",
    "srsltid",
    "msclkid",
    "yclid",
    "ysclid",
    "twclid",
    "ttclid",
    "li_fat_id",
    "igshid",
    "igsh",
    "mibextid",
    "epik",
    "irclickid",
    "rb_clickid",
    "mc_cid",
    "mc_eid",
    "mc_tc",
    "mkt_tok",
    "ml_subscriber",
    "ml_subscriber_hash",
    "ck_subscriber_id",
    "_hsenc",
    "_hsmi",
    "__hssc",
    "__hstc",
    "__hsfp",
    "hsctatracking",
    "oly_anon_id",
    "oly_enc_id",
    "vero_id",
    "vero_conv",
    "wickedid",
    "dm_i",
    "sfmc_id",
    "s_cid",
    "s_kwcid",
    "ef_id",
    "ocid",
    "cmpid",
    "ncid",
    "srnd",
    "smid",
    "guccounter",
    "guce_referrer",
    "guce_referrer_sig",
    ".tsrc",
    "soc_src",
    "soc_trk",
    "_ga",
    "_gl",
    "ga_campaign",
    "ga_content",
    "ga_medium",
    "ga_place",
    "ga_source",
    "ga_term",
    "ref_src",
    "ref_url",
    "feedtype",
    "at_medium",
    "at_campaign",
    "at_campaign_type",
    "at_custom1",
    "at_custom2",
    "at_custom3",
    "at_custom4",
    "at_bbc_team",
    "at_format",
    "at_link_id",
    "at_link_origin",
    "at_link_type",
    "at_ptr_name",
    "xtor",
    "__twitter_impression",
    "_openstat",
    "spm",
    "scm",
    "ns_mchannel",
    "ns_source",
    "ns_campaign",
    "ns_linkname",
    "ns_fee",
    "maca",
    "cid_source",
    "traffic_source",
    "pk_campaign",
    "pk_kwd",
    "pk_keyword",
    "pk_source",
    "pk_medium",
    "pk_content",
    "pk_cid",
    "wt_mc",
    "wt_zmc",
    "wt.mc_id",
    "wt.mc_ev",
    "wt.nav",
    "wt.z_author",
    "trk_contact",
    "trk_msg",
    "trk_module",
    "trk_sid",
    "napm",
    "n_media",
    "n_query",
    "n_rank",
    "n_ad",
    "n_ad_group",
    "n_campaign_type",
    "n_keyword",
    "n_keyword_id",
    "phpsessid",
    "jsessionid",
    "sessionid",
];

/// Beginnings of such names.
const PREFIXES: &[&str] = &["utm_", "hsa_", "mtm_", "matomo_", "piwik_", "aspsessionid"];

/// Names that say where the reader comes from, if what they say is that it is a feed.
const ORIGINS: &[&str] = &[
    "from", "source", "src", "ref", "via", "partner", "emc", "input", "f",
];
/// Names of a feed mark, if they only switch it on.
const SWITCHES: &[&str] = &["rss", "fromrss", "from_rss", "isrss"];

/// True for a `name=value` that tells nothing of the page.
pub(super) fn is_tracking(pair: &str) -> bool {
    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
    let name = name.to_ascii_lowercase();
    let value = value.to_ascii_lowercase();
    match name.as_str() {
        "sid" => is_session(&value),
        name if ORIGINS.contains(&name) => matches!(value.as_str(), "rss" | "feed" | "rssfeed"),
        name if SWITCHES.contains(&name) => {
            matches!(value.as_str(), "" | "1" | "y" | "yes" | "true" | "on")
        }
        name => NAMES.contains(&name) || PREFIXES.iter().any(|prefix| name.starts_with(prefix)),
    }
}

/// A session's name is long and mixes letters with digits; an article's number does not.
fn is_session(value: &str) -> bool {
    value.len() >= 20
        && value.bytes().all(|b| b.is_ascii_alphanumeric())
        && value.bytes().any(|b| b.is_ascii_digit())
        && value.bytes().any(|b| b.is_ascii_alphabetic())
}

/// True for a fragment that a campaign, a search service or a feed put there.
pub(super) fn is_tracking_fragment(fragment: &str) -> bool {
    fragment.is_empty() || fragment.starts_with(":~:") || fragment.split('&').all(is_tracking)
}

/// The path without the session that Java servers write into it.
pub(super) fn without_session(path: &str) -> &str {
    if !path.contains(';') {
        return path;
    }
    path.to_ascii_lowercase()
        .find(";jsessionid=")
        .map_or(path, |at| &path[..at])
}

/// The URL without tracking parameters and session ids; otherwise byte for byte as it was.
pub(super) fn stripped(link: &str) -> String {
    let link = link.trim();
    let (rest, fragment) = link
        .split_once('#')
        .map_or((link, None), |(rest, fragment)| (rest, Some(fragment)));
    let (path, query) = rest
        .split_once('?')
        .map_or((rest, None), |(path, query)| (path, Some(query)));
    let mut out = without_session(path).to_owned();
    let kept: Vec<&str> = query
        .unwrap_or_default()
        .split('&')
        .filter(|pair| !pair.is_empty() && !is_tracking(pair))
        .collect();
    if !kept.is_empty() {
        out.push('?');
        out.push_str(&kept.join("&"));
    }
    if let Some(fragment) = fragment.filter(|fragment| !is_tracking_fragment(fragment)) {
        out.push('#');
        out.push_str(fragment);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_selects_content_stays_and_what_names_a_way_goes() {
        for (pair, gone) in [
            ("utm_source=rss", true),
            ("UTM_Medium=feed", true),
            ("fbclid=IwAR0", true),
            ("gclid=1", true),
            ("at_campaign=rss", true),
            ("from=rss", true),
            ("rss=1", true),
            ("rss", true),
            ("sid=9f86d081884c7d659a2feaa0c55ad015", true),
            ("ASPSESSIONIDQQ=1", true),
            ("sid=1234", false),
            ("sid=20261124000100020003", false),
            ("sid1=100", false),
            ("rss=sports", false),
            ("from=2026-11-01", false),
            ("source=agency", false),
            ("ref=77", false),
            ("id=1", false),
            ("idxno=1", false),
            ("aid=1", false),
            ("p=1", false),
            ("pk_id=1", false),
            ("cid=1", false),
            ("seq=1", false),
            ("no=1", false),
            ("page=2", false),
            ("lang=ko", false),
        ] {
            assert_eq!(is_tracking(pair), gone, "{pair}");
        }
    }

    #[test]
    fn only_tracking_is_taken_off() {
        for (link, kept) in [
            (
                "https://a.example/1?utm_source=x&id=7&fbclid=y",
                "https://a.example/1?id=7",
            ),
            ("https://a.example/1?utm_source=x", "https://a.example/1"),
            (
                "https://a.example/1;jsessionid=AB12?id=7",
                "https://a.example/1?id=7",
            ),
            ("https://a.example/1#utm_source=x", "https://a.example/1"),
            ("https://a.example/1#:~:text=word", "https://a.example/1"),
            ("https://a.example/1#part-2", "https://a.example/1#part-2"),
            (
                "https://a.example/%ea%b0%80?b=2&a=1",
                "https://a.example/%ea%b0%80?b=2&a=1",
            ),
        ] {
            assert_eq!(stripped(link), kept, "{link}");
        }
    }
}
