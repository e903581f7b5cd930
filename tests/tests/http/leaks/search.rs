//! Finds secrets in whatever was captured, in whatever clothes they come.

use std::{cmp::Reverse, collections::BTreeMap, fmt, fmt::Write};

use aho_corasick::AhoCorasick;
use base64::{
    Engine,
    engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD},
};
use percent_encoding::{NON_ALPHANUMERIC, percent_encode};
use serde_json::json;

use super::{captures::Capture, secrets::Kind};

/// How much is shown around what was found.
const CONTEXT: usize = 160;
/// What is shorter occurs by chance.
const MIN_BYTES: usize = 12;

/// Looks for many secrets at once, whatever the case of letters is.
pub(crate) struct Search {
    needles: AhoCorasick,
    kinds: Vec<Kind>,
}

/// Where secrets of one kind were found.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) kind: Kind,
    pub(crate) place: String,
    n_times: usize,
    /// Around the first of them, without any secret.
    context: String,
}

impl fmt::Display for Found {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, place, n_times, context } = self;
        write!(formatter, "{kind:?} in {place}, {n_times} times, such as: …{context}…")
    }
}

impl Search {
    /// For these.
    pub(crate) fn of(secrets: &[(Kind, String)]) -> Self {
        let mut needles: Vec<(Vec<u8>, Kind)> =
            secrets.iter().flat_map(|(kind, it)| forms(it).into_iter().map(|it| (it, *kind))).collect();
        needles.retain(|(it, _)| MIN_BYTES <= it.len());
        // The longest first, so that nothing of a secret is left where it is masked.
        needles.sort_by_key(|(it, _)| Reverse(it.len()));
        let (needles, kinds): (Vec<_>, Vec<_>) = needles.into_iter().unzip();
        let needles = AhoCorasick::builder().ascii_case_insensitive(true).build(needles).unwrap();
        Self { needles, kinds }
    }

    /// Each kind that there is, by its place.
    pub(crate) fn run<'a>(&self, captures: impl IntoIterator<Item = &'a Capture>) -> Vec<Found> {
        let mut found: BTreeMap<(Kind, String), Found> = BTreeMap::new();
        for Capture { place, bytes } in captures {
            for it in self.needles.find_overlapping_iter(bytes) {
                let kind = self.kinds[it.pattern().as_usize()];
                let entry = found.entry((kind, place.clone())).or_insert_with(|| Found {
                    kind,
                    place: place.clone(),
                    n_times: 0,
                    context: self.masked(bytes, it.start()),
                });
                entry.n_times += 1;
            }
        }
        found.into_values().collect()
    }

    fn masked(&self, bytes: &[u8], at: usize) -> String {
        let around = &bytes[at.saturating_sub(CONTEXT)..bytes.len().min(at + 2 * CONTEXT)];
        let mut is_secret = vec![None; around.len()];
        for it in self.needles.find_overlapping_iter(around) {
            is_secret[it.range()].fill(Some(self.kinds[it.pattern().as_usize()]));
        }
        let mut text = Vec::new();
        for (idx, byte) in around.iter().enumerate() {
            match is_secret[idx] {
                None => text.push(*byte),
                Some(kind) if idx == 0 || is_secret[idx - 1] != Some(kind) => {
                    text.extend(format!("[{kind:?}]").bytes());
                }
                Some(_) => (),
            }
        }
        String::from_utf8_lossy(&text).replace(['\r', '\n'], " ")
    }
}

/// A secret as it is, and what else it looks like on its way.
fn forms(secret: &str) -> Vec<Vec<u8>> {
    let mut forms = vec![secret.as_bytes().to_vec()];
    // Where it stands for bytes, they are as secret.
    let bare = secret.strip_prefix("whsec_").unwrap_or(secret).trim_end_matches('=');
    forms.extend([STANDARD_NO_PAD.decode(bare), URL_SAFE_NO_PAD.decode(bare)].into_iter().flatten());
    forms.extend(unhex(secret));
    let mut all = Vec::new();
    for form in forms {
        all.push(hex(&form).into_bytes());
        all.push(percent_encode(&form, NON_ALPHANUMERIC).to_string().into_bytes());
        all.extend(in_base64(&form));
        if let Ok(text) = std::str::from_utf8(&form) {
            let quoted = json!(text).to_string();
            all.push(quoted.trim_matches('"').into());
            all.push(json!(quoted).to_string().trim_matches(['"', '\\']).into());
        }
        all.push(form);
    }
    all.sort_unstable();
    all.dedup();
    all
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let pairs = text.as_bytes().chunks(2).map(|it| std::str::from_utf8(it).ok());
    pairs.map(|it| u8::from_str_radix(it.filter(|it| it.len() == 2)?, 16).ok()).collect()
}

/// As a part of something longer that is encoded, it looks different for each of the three ways it can lie.
fn in_base64(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for offset in 0..3 {
        let padded = [&vec![0; offset][..], bytes].concat();
        // What its neighbours have a part in is left out.
        let whole = padded.len() / 3 * 4;
        let start = offset.div_ceil(3) * 4;
        for encoded in [STANDARD_NO_PAD.encode(&padded), URL_SAFE_NO_PAD.encode(&padded)] {
            all.extend(encoded.get(start..whole).map(|it| it.as_bytes().to_vec()));
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::{
        super::{belonging::belongs, secrets::Secrets},
        *,
    };

    const PLACES: &[&str] = &[
        "log",
        "answer/getPlan/200/body",
        "answer/getPlan/200/head",
        "answer/openPlan/422/body",
        "sentry/items",
        "zammad/body",
        "receiver/head",
        "database/plans.name",
        "files",
        "metrics",
        "spans",
    ];

    /// Where no secret is allowed.
    const NOWHERE: &[&str] = &["log", "sentry/items", "zammad/body", "metrics", "spans"];

    fn capture(place: &str, bytes: impl Into<Vec<u8>>) -> Capture {
        Capture { place: place.to_owned(), bytes: bytes.into() }
    }

    #[test]
    fn a_planted_secret_of_each_kind_is_found_in_each_place() {
        for &kind in Kind::ALL {
            let secrets = Secrets::default();
            let value = secrets.make(kind);
            let search = Search::of(&secrets.all());
            for place in PLACES {
                let planted = capture(place, format!("told {value}, alas"));
                let found = search.run([&planted, &capture(place, "nothing")]);
                let [found] = &found[..] else { panic!("{kind:?} in {place}: {found:?}") };
                assert_eq!((found.kind, found.place.as_str(), found.n_times), (kind, *place, 1));
                assert_eq!(found.context, format!("told [{kind:?}], alas"));
                assert!(!belongs(found) || !NOWHERE.contains(place), "{found}");
            }
        }
    }

    #[test]
    fn a_secret_is_found_in_whatever_clothes() {
        let code = "8Q5J9HHtxjEWNz2qZeMvvzFU43e_a-SmQLenhEj0V3w";
        let bytes = URL_SAFE_NO_PAD.decode(code).unwrap();
        let key = "5f1d0c8e7ab34926d19fe00b7c5a4833f6e2918d04bbca57613e9f2287ad40c1";
        let address = "mail\"o'hara@example.org";
        let secrets = [code, key, address].map(|it| (Kind::LinkCode, it.to_owned()));
        let search = Search::of(&secrets);
        let in_json = json!({"told": json!({"to": address}).to_string()}).to_string();
        let basic = URL_SAFE_NO_PAD.encode(format!("a user:{code}!"));
        let standard = STANDARD_NO_PAD.encode(format!("ab {address}"));
        for text in [
            code.as_bytes().to_vec(),
            code.to_uppercase().into_bytes(),
            bytes.clone(),
            hex(&bytes).into_bytes(),
            hex(code.as_bytes()).to_uppercase().into_bytes(),
            unhex(key).unwrap(),
            STANDARD_NO_PAD.encode(unhex(key).unwrap()).into_bytes(),
            b"next=https%3a%2f%2fx%2fmail%22o%27hara%40example%2eorg".to_vec(),
            in_json.into_bytes(),
            basic.into_bytes(),
            standard.into_bytes(),
        ] {
            let text = [b"<< ".to_vec(), text, b" >>".to_vec()].concat();
            let found = search.run([&capture("log", text.clone())]);
            assert!(!found.is_empty(), "{}", String::from_utf8_lossy(&text));
        }
        assert!(search.run([&capture("log", key[..40].to_owned())]).is_empty());
    }
}
