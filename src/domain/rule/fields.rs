//! Names before a colon that are no field here: what each is called here, or what to do without it.
//!
//! Looks at the name and at what stands behind the colon; where that stands is the lexer's business.

use super::ast::Field;
use super::proximity;
use super::suggest;

/// Our field for another product's name of it, or another language's.
pub(super) fn ours(name: &str) -> Option<&'static str> {
    Some(match name.to_lowercase().as_str() {
        "intitle" | "allintitle" | "headline" | "heading" | "hl" | "hd" | "subject" | "titre"
        | "título" | "tytuł" | "überschrift" | "заголовок" | "标题" | "標題" | "题目" | "題名"
        | "見出し" | "タイトル" | "제목" | "타이틀" | "헤드라인" | "표제" => {
            "title"
        }
        "hlead" | "hlp" | "lp" | "ingress" | "teaser" | "standfirst" | "리드" | "전문" => {
            "lead"
        }
        "content" | "description" | "summary" | "intext" | "allintext" | "treść" | "текст"
        | "正文" | "内容" | "內容" | "本文" | "본문" | "내용" => "body",
        "site" | "domain" | "域名" | "网站" | "網站" | "サイト" | "ドメイン" | "사이트"
        | "도메인" | "호스트" => "host",
        "inurl" | "allinurl" | "link" | "uri" | "网址" | "網址" | "リンク" | "주소" | "링크" => {
            "url"
        }
        "language" | "la" | "sourcelang" | "sprache" | "langue" | "język" | "язык" | "мова"
        | "语言" | "語言" | "言語" | "언어" => "lang",
        "source" | "rst" | "publication" | "źródło" | "источник" | "来源" | "來源" | "媒体"
        | "出典" | "출처" | "매체" | "언론사" | "피드" => "feed",
        "by" | "byline" | "autor" | "auteur" | "автор" | "作者" | "著者" | "記者" | "记者"
        | "저자" | "기자" | "작성자" | "글쓴이" => "author",
        "label" | "标签" | "標籤" | "タグ" | "тег" | "태그" => "tag",
        "kategoria" | "категория" | "分类" | "分類" | "カテゴリ" | "カテゴリー" | "분류"
        | "카테고리" => "category",
        _ => return None,
    })
}

/// What to do about a field of other products that nothing here stands for, with the value that was asked for.
pub(super) fn without(name: &str, value: &str) -> Option<String> {
    let help = match name.to_lowercase().as_str() {
        "date" | "before" | "after" | "since" | "until" | "when" | "published" | "pubdate"
        | "dt" | "pd" => {
            "leave it out, since a query asks nothing of dates; `--since` and `--until` do"
        }
        "raw" | "exact" | "case" | "cs" | "casesensitive" | "caps" => {
            let word = usable(value).unwrap_or("KAI");
            return Some(format!(
                "write the word between single quotes for that very spelling: '{word}'"
            ));
        }
        "_exists_" | "exists" | "_missing_" | "missing" => {
            let field = Field::from_name(value).filter(|field| !field.is_property());
            let example = match field {
                Some(field) if field != Field::Author => format!("{}:tank*", field.as_str()),
                _ => "author:Kim".to_owned(),
            };
            return Some(format!(
                "name what must stand there, as in {example}, or leave it out"
            ));
        }
        "minimum_should_match" | "min_should_match" | "minshouldmatch" | "mm" => {
            let number = value.parse().unwrap_or(2u32).max(1);
            return Some(format!(
                "write {number} OF (a, b, c) where so many of the list must stand"
            ));
        }
        "entity" | "company" | "org" | "organisation" | "organization" | "person" | "product" => {
            return Some(sigil('@', "an entity", value));
        }
        "class" | "group" => return Some(sigil('#', "a class of entities", value)),
        "macro" | "saved" | "savedsearch" => return Some(sigil('$', "a macro", value)),
        "country" | "sourcecountry" | "sourcegeo" | "region" | "geography" => {
            "leave it out, or write the name of the country as a word"
        }
        "filetype" | "sentiment" | "engagement" | "reach" | "length" | "wc" | "fc" | "co"
        | "re" | "has" => "leave it out, since entries carry no such thing",
        small @ ("near" | "adj" | "within") => {
            let (reach, _) = proximity::reach(value)?;
            let operator = if small == "adj" { "BEFORE" } else { "NEAR" };
            return Some(format!("write {operator}/{reach}"));
        }
        _ => return None,
    };
    Some(help.to_owned())
}

/// What to do about a name that is no field.
pub(super) fn meant(name: &str, value: &str) -> String {
    if let Some(help) = without(name, value) {
        return help;
    }
    let known = Field::ALL.map(Field::as_str);
    match (ours(name), suggest::nearest(name, known), usable(value)) {
        (Some(field), _, Some(value)) => format!("write {field}:{value}"),
        (Some(field), ..) => format!("write `{field}:`"),
        (None, Some(field), _) => format!("did you mean `{field}:`?"),
        (None, None, _) => format!(
            "fields are {}; quote the word if the colon is part of it",
            known.join(", ")
        ),
    }
}

/// `@hanwha` for `entity:hanwha`.
pub(super) fn sigil(sign: char, what: &str, value: &str) -> String {
    let is_id = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_');
    let id = value.trim_matches(['"', '\'', '@', '#', '$']);
    let fits = !id.is_empty() && id.len() < 50 && id.chars().all(is_id);
    let id = if fits { id } else { "id" };
    format!("write {sign}{id} for {what}")
}

/// A value that can stand in a repair.
fn usable(value: &str) -> Option<&str> {
    let fits = |c: char| c.is_alphanumeric() || matches!(c, '-' | '.' | '/' | '*' | '_');
    let starts = value.starts_with(char::is_alphanumeric);
    (starts && value.len() < 50 && value.chars().all(fits)).then_some(value)
}
