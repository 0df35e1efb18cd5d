//! Tests of what is found where.

use super::*;

fn found(text: &str) -> Vec<(Kind, String)> {
    let text: Vec<char> = text.chars().collect();
    spans(&text).into_iter().map(|span| (span.kind, text[span.at].iter().collect())).collect()
}

#[test]
fn what_needs_a_pseudonym_of_its_own_is_found_in_its_text() {
    use Kind::*;
    let token = "EAAGm0PX4ZCpsBAKZCmZB";
    let with_token = format!("https://a.b/c?access_token={token}&x=1");
    let cases: &[(&str, &[(Kind, &str)])] = &[
        ("hello, nothing 123456 here 7", &[]),
        ("mail ann.b+c@mail.shop.de.", &[(Mail, "ann.b+c@mail.shop.de")]),
        ("<Jürgen@Bücher.example>", &[(Mail, "Jürgen@Bücher.example")]),
        ("no@mail a@b.c @x.de", &[]),
        ("see https://www.shop.de/a/b.jpg?x=1, or not", &[(Link, "https://www.shop.de/a/b.jpg?x=1")]),
        ("mara-lindqvist://shop.de FTP://shop.de", &[(Link, "FTP://shop.de")]),
        ("www.Привет𝐀 a@b.cd𝐀 https://𝐀.de", &[(Link, "www.Привет"), (Mail, "a@b.cd")]),
        ("(www.shop.de)", &[(Link, "www.shop.de")]),
        ("https://l.me/?u=https://b.de/c", &[(Link, "https://l.me/?u="), (Link, "https://b.de/c")]),
        ("mailto:a@bc.de tel:+4915123456789", &[(Mail, "a@bc.de"), (Phone, "+4915123456789")]),
        ("call +49 (0)171 2345678!", &[(Phone, "+49 (0)171 2345678")]),
        ("0171/2345678. 5 of us", &[(Phone, "0171/2345678")]),
        ("(202) 555-0123 x", &[(Phone, "(202) 555-0123")]),
        ("0049 171 2345678", &[(Phone, "0049 171 2345678")]),
        ("004917123456789", &[(Phone, "004917123456789")]),
        ("order 12345678 of page 104000000000017_5", &[(Id, "12345678"), (Id, "104000000000017_5")]),
        ("act_1234567890 t_98765432101", &[(Id, "1234567890"), (Id, "98765432101")]),
        ("x12345678 12345678y 12345678_9z", &[]),
        (
            "m_7100000000000001_12, m_first-steps-001.",
            &[(Message, "m_7100000000000001_12"), (Message, "m_first-steps-001")],
        ),
        ("mid.$cAAB_x-9 mid.1457764197618:41d1", &[(Message, "mid.$cAAB_x-9"), (Message, "mid.1457764197618:41d1")]),
        ("pd.1.22.c/104000000000017/5001", &[(Mark, "pd.1.22.c/104000000000017/5001")]),
        ("pd.1.22.a/acme", &[]),
        (token, &[(Token, token)]),
        (&with_token, &[(Link, &with_token)]),
    ];
    for (text, expected) in cases {
        let expected: Vec<(Kind, String)> = expected.iter().map(|(kind, what)| (*kind, (*what).to_owned())).collect();
        assert_eq!(found(text), expected, "{text}");
    }
}

#[test]
fn an_address_is_taken_apart() {
    let cases = [
        ("https://shop.de/a/b.JPG?x=y.png#z", ("", "shop.de", "/a/b.JPG?x=y.png#z", "JPG")),
        ("https://ann:pw@shop.de:8080/a.lindqvist", ("ann:pw", "shop.de", "/a.lindqvist", "")),
        ("www.shop.de", ("", "www.shop.de", "", "")),
        ("http://shop.de=x&y:1", ("", "shop.de", "=x&y:1", "")),
        ("http://shop.de:491512345678/", ("", "shop.de", ":491512345678/", "")),
        ("http://[2001:db8::1]:80/x", ("", "[2001:db8::1]", "/x", "")),
        ("http://ann@", ("ann", "", "", "")),
        ("ftp://shop.de?q=1", ("", "shop.de", "?q=1", "")),
    ];
    for (text, expected) in cases {
        let text: Vec<char> = text.chars().collect();
        let link = link(&text, &(0..text.len()));
        let part = |range: &Range<usize>| text[range.clone()].iter().collect::<String>();
        let parts = [&link.person, &link.host, &link.rest, &link.extension].map(part);
        assert_eq!((&*parts[0], &*parts[1], &*parts[2], &*parts[3]), expected);
    }
}

#[test]
fn the_ids_in_a_message_id_and_in_a_mark_are_those_that_name_something() {
    for (text, expected) in [
        ("m_7100000000000001_12", vec!["7100000000000001"]),
        ("m_ab12345678cd", vec![]),
        ("pd.1.22.c/17/5001", vec!["17", "5001"]),
        ("pd.1.22.p/17", vec!["17"]),
        ("104000000000017_5", vec!["104000000000017", "5"]),
    ] {
        let text: Vec<char> = text.chars().collect();
        let span = spans(&text).remove(0);
        let ids: Vec<String> = ids(&text, &span).into_iter().map(|run| text[run].iter().collect()).collect();
        assert_eq!(ids, expected);
    }
}
