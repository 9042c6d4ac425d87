//! Abbreviations after which a stop ends no sentence, of all languages together (MAT-39).
//!
//! What is no word and no number in any of them: a word that ends sentences as often stands among those that want a
//! number behind them, or not here. Single letters and what ends in one (Ph.D., e.g.) need no entry.

/// Whether `token`, the letters before a stop, is an abbreviation; `number`: a number stands behind the stop.
pub(super) fn is_listed(token: &str, number: bool) -> bool {
    WRITTEN.binary_search(&token).is_ok() || {
        let small = small(token);
        EITHER.binary_search(&&*small).is_ok()
            || LONG.contains(&&*small)
            || number && NUMBERED.contains(&&*small)
    }
}

/// With a small first letter.
fn small(token: &str) -> String {
    let mut chars = token.chars();
    let first = chars.next().into_iter().flat_map(char::to_lowercase);
    first.chain(chars).collect()
}

/// Whether this is the second half of one whose first is a single letter and its stop: f. eks., т. нар.
pub(super) fn is_second_half(token: &str) -> bool {
    token.chars().count() == 2 || ["eks", "нар"].contains(&token)
}

/// Words of some language that are abbreviations before a number only.
const NUMBERED: [&str; 6] = ["fig", "no", "nos", "ok", "sec", "vol"];

/// Abbreviations whose first letter may be of either case, in order.
const EITHER: [&str; 446] = [
    "abp", "abs", "adj", "adm", "adm.dir", "aj", "al", "alezr", "alin", "altbgy", "amb", "amm",
    "apod", "approx", "aprox", "arm", "art", "assoc", "asst", "atd", "atď", "avda", "avg", "avv",
    "bc", "bijv", "bkz", "bldg", "blz", "bnb", "bp", "brig", "bryg", "bsp", "bspw", "bzw", "ca",
    "capt", "cca", "cdor", "cdr", "cdt", "cf", "cfr", "chor", "cm", "cmdr", "cmdte", "cne", "cnel",
    "comdr", "corp", "cpl", "cpt", "cía", "db", "dept", "dhr", "dipl", "dl", "dlui", "dna", "dnei",
    "doc", "dott", "dott.ssa", "doç", "dr", "dra", "drs", "ds", "dvs", "dyr", "dña", "ecc", "egz",
    "ehem", "env", "enz", "esim", "est", "etc", "ev", "evl", "evt", "evtl", "ew", "excl", "excmo",
    "exma", "exmo", "ezr", "f.eks", "fhdgy", "fhv", "ft", "gdin", "geb", "gen", "genmjr", "genpor",
    "gens", "ggf", "ggfs", "gm", "godz", "gov", "govt", "gral", "gén", "gđa", "gđica", "hab",
    "hdgy", "hhv", "hilj", "hptm", "ifj", "iht", "im", "incl", "ing", "inkl", "insp", "intl",
    "inż", "inž", "ipd", "itd", "itp", "itsl", "jf", "jh", "jhd", "jl", "jne", "jnr", "jr", "jud",
    "judr", "kadm", "kapt", "kb", "kenr", "kft", "kier", "kl", "klo", "kmdr", "kpt", "ks", "kt",
    "kupř", "kw", "lbs", "ld", "lieut", "lk", "lt", "ltd", "ltda", "løjt", "m.in", "mag", "maj",
    "max", "mdr", "mec", "mevr", "mfg", "mgr", "mht", "mies", "mil", "milj", "min", "mjr", "mld",
    "mlle", "mln", "mlrd", "mm", "mme", "mr", "mrd", "mrs", "mudr", "mv", "máx", "mín", "müh",
    "napr", "např", "natl", "ndlr", "nn", "np", "npor", "npr", "nr", "ns", "nt", "nyrt", "nám",
    "núm", "oberstlt", "oblt", "odn", "ods", "odst", "olt", "os", "osv", "oz", "p.ej", "p.es",
    "p.ex", "pag", "pfc", "pgs", "phdr", "piem", "pkt", "pl", "plk", "plkv", "plt", "polk", "popř",
    "por", "poz", "pozn", "pp", "pplk", "ppor", "ppuk", "ppłk", "prap", "prim", "proc", "prof",
    "profa", "prok", "príp", "puk", "pvt", "pvz", "pág", "płk", "př", "příp", "red", "resp",
    "rndr", "ros", "rozdz", "rtm", "rys", "sgt", "sgts", "sierż", "sig.ra", "sk", "slt", "snr",
    "sog", "sp", "spc", "sq", "sr", "sra", "sres", "srs", "srta", "st", "stb", "std", "stot",
    "str", "sté", "supt", "sv", "sz", "szds", "szt", "t.ex", "tel", "tis", "tj", "tlf", "tms",
    "ts", "tsd", "tte", "tuğg", "tys", "tzn", "tzv", "tzw", "tél", "tümg", "tğm", "tř", "tūkst",
    "u.tml", "ub", "ul", "univ", "ur", "ust", "usw", "vb", "vezds", "vgl", "vicealm", "viz", "vrt",
    "vs", "vö", "vč", "wadm", "wew", "wg", "woj", "ww", "wzgl", "yakl", "ym", "yms", "yy", "yzb",
    "zast", "zgł", "zob", "zrt", "zv", "zvl", "zzgl", "zł", "éd", "éts", "évf", "örn", "özv", "ún",
    "ütğm", "čet", "čl", "ģen", "őrgy", "śp", "św", "şti", "št", "αντγ", "αρ", "βλ", "δηλ", "δισ",
    "δρ", "εκατ", "κ.λπ", "κλπ", "κτλ", "λεωφ", "σελ", "στρ", "υπ", "χιλ", "адм", "акад", "ал",
    "бр", "бул", "вкл", "вул", "вып", "гг", "ген", "гл", "год", "гр", "грн", "див", "дол", "долл",
    "доц", "др", "зам", "изд", "им", "инж", "исп", "итд", "канд", "кап", "кв", "коп", "куб", "лв",
    "лейт", "мај", "мил", "мин", "млн", "млрд", "мр", "наб", "напр", "нпр", "обл", "общ", "ок",
    "пл", "подп", "полк", "ппук", "проф", "пук", "ред", "респ", "рис", "рр", "руб", "сек", "см",
    "ст", "стор", "стр", "т.зв", "тзв", "тис", "тов", "трлн", "тыс", "тј", "ул", "хв", "хил",
    "хиљ", "чел", "чл", "шт", "экз", "ім", "ін",
];

/// And the long ones, apart: beside them the formatter would give every other a line of its own.
const LONG: [&str; 4] = ["подполк", "просп", "підполк", "т.нар"];

/// Those that are a word of some language, or nothing, with a small letter; in order.
const WRITTEN: [&str; 80] = [
    "Ala", "Alb", "Alm", "Apr", "Ariz", "Aug", "Av", "Ave", "Bd", "Blvd", "Bros", "Cad", "Calif",
    "Cap", "Cel", "Co", "Col", "Colo", "Conn", "Dec", "Dir", "EE.UU", "Eng", "Ens", "Feb", "Fig",
    "Fla", "Fr", "Ga", "Gal", "Hon", "Hr", "Inc", "Ind", "Jan", "Jul", "Jun", "Kol", "Korg", "Lic",
    "MM", "Magg", "Mah", "Mar", "Md", "Mich", "Minn", "Mio", "Mons", "Ms", "Mt", "No", "Nos",
    "Nov", "Oct", "Org", "Pa", "Pr", "Pres", "Pte", "Rd", "Rep", "Ret", "Rev", "Sec", "Sen", "Sep",
    "Sept", "Sig", "Sigg", "Sn", "Sok", "Ste", "Tenn", "Tex", "Ud", "Uds", "Va", "Vol", "Wis",
];

#[cfg(test)]
mod tests {
    use super::{EITHER, WRITTEN, small};

    #[test]
    fn the_lists_are_sorted_and_share_nothing() {
        assert!(EITHER.is_sorted() && WRITTEN.is_sorted());
        for one in WRITTEN {
            assert!(!EITHER.contains(&&*small(one)), "{one}");
        }
    }
}
