use super::*;

fn tokens(text: &str) -> Vec<String> {
    let mut scanner = Scanner::new(text);
    let mut out = Vec::new();
    while let Some(token) = scanner.next(Some("d")) {
        out.push(match token {
            Token::Start {
                name,
                attributes: tag,
                empty,
            } => {
                let values: Vec<String> = attributes(tag)
                    .map(|(name, value)| format!(" {name}={value}"))
                    .collect();
                format!(
                    "<{name}{}{}>",
                    values.concat(),
                    if empty { "/" } else { "" }
                )
            }
            Token::End(name) => format!("</{name}>"),
            Token::Text(text) => format!("'{text}'"),
            Token::Cdata(text) => format!("[{text}]"),
        });
    }
    out
}

#[test]
fn tags_begin_and_end_where_people_mean() {
    for (text, expected) in [
        ("<a>x</a>", "<a> 'x' </a>"),
        ("<a b=\"1\" c='2' d=3 e/>", "<a b=1 c=2 d=3 e=/>"),
        ("<a b=\">\">", "<a b=>>"),
        ("<a b=\"<c>\">x", "<a b=<c>> 'x'"),
        ("<a b=\"x>y</a><a b=\"z\">", "<a b=x> 'y' </a> <a b=z>"),
        ("<a href=http://x/>", "<a href=http://x/>"),
        ("<a b = 'x'>", "<a b=x>"),
        ("a < b <3 << c", "'a < b <3 << c'"),
        ("<속보> x", "'<속보> x'"),
        ("<a <b>x", "<a> <b> 'x'"),
        ("</a <b>", "</a> <b>"),
        ("<!-- <a> --><b>", "<b>"),
        ("<!-- x><b>", "<b>"),
        ("<?xml version=\"1.0\"?><b>", "<b>"),
        ("<!DOCTYPE x [<!ENTITY a \"b>\">]><b>", "<b>"),
        ("<![CDATA[<x>]]>y", "[<x>] 'y'"),
        ("<![cdata[x]]>", "[x]"),
        ("<d><![CDATA[x</d><e>", "<d> [x] </d> <e>"),
        ("<![CDATA[x", "[x]"),
        ("x <a", "'x ' '<a'"),
        ("write <a href=", "'write ' '<a href='"),
        ("<a b='", "<a b=>"),
        ("<a b=\"c", "<a b=c>"),
        ("</", "'</'"),
        ("<", "'<'"),
    ] {
        assert_eq!(tokens(text).join(" "), expected, "{text}");
    }
}
