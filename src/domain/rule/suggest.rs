//! "Did you mean": the nearest of some names, or none where nothing is near.
//!
//! It only measures; who asks brings the names.

use unicode_normalization::UnicodeNormalization;

/// The nearest of `names` within a third of the length of `wrong` (Damerau-Levenshtein, Hangul by jamo); else the
/// shortest that `wrong` is the beginning of, up to a hyphen. `agencies` is near `agency`, `class` near `classes`.
pub fn nearest<'a>(wrong: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wrong = spelt_out(wrong);
    let singular = wrong.strip_suffix("ies").map(|stem| format!("{stem}y"));
    let length = wrong.chars().count();
    if length == 0 || length > 300 {
        return None;
    }
    let limit = (length / 3).max(1);
    names
        .into_iter()
        .filter_map(|name| {
            let letters = spelt_out(name);
            let is_plural = letters.strip_prefix(&wrong) == Some("es");
            if is_plural || singular.as_ref() == Some(&letters) {
                return Some((1, name));
            }
            let rest = letters.strip_prefix(&wrong);
            let longer = length > 1 && rest.is_some_and(|rest| rest.starts_with(['-', '_']));
            let far = letters.chars().count();
            if far.abs_diff(length) > limit {
                return longer.then_some((300 + far, name));
            }
            let distance = strsim::damerau_levenshtein(&wrong, &letters);
            (distance <= limit).then_some((distance, name))
        })
        .min()
        .map(|(_, name)| name)
}

/// Lower case, Hangul taken apart into jamo.
fn spelt_out(text: &str) -> String {
    text.nfd().flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn near_names_are_found_and_far_ones_are_not() {
        let names = [
            "hanwha",
            "hanwha-aerospace",
            "poland",
            "한화오션",
            "yna-sports",
            "yna-en",
            "agency",
            "classes",
        ];
        for (wrong, expected) in [
            ("hanwah", Some("hanwha")),
            ("hanwha-aerospac", Some("hanwha-aerospace")),
            ("한화오셩", Some("한화오션")),
            ("POLAND", Some("poland")),
            ("germany", None),
            ("yna", Some("yna-en")),
            ("agencies", Some("agency")),
            ("class", Some("classes")),
            ("y", None),
            ("", None),
        ] {
            assert_eq!(nearest(wrong, names), expected, "{wrong}");
        }
    }
}
