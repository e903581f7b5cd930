//! Pages fit, whatever they are looked at with and whatever people call themselves.

use serde_json::json;

use super::{
    chromium::{Browser, Screen},
    gallery::pages,
    scene::Scene,
};
use crate::client::claims;

/// What is wider than the window, or too small to be hit by a finger.
const MISFITS: &str = "
    const misfits = [];
    const root = document.documentElement;
    if (root.clientWidth < root.scrollWidth) misfits.push(`scrolls to ${root.scrollWidth}`);
    for (const it of document.querySelectorAll('main *')) {
        const { left, right } = it.getBoundingClientRect();
        if (left < 0 || root.clientWidth < right) misfits.push(`sticks out: ${it.outerHTML}`);
    }
    for (const it of document.querySelectorAll('a, button, input:not([type=hidden])')) {
        const { height } = (it.closest('label') ?? it).getBoundingClientRect();
        const isInText = it.matches('li a, p:not(.ways, .account) > a');
        if (!it.hidden && !isInText && height < 44) misfits.push(`only ${height} high: ${it.outerHTML}`);
    }
    return misfits;";

/// Everything that does not fit.
pub(super) async fn misfits(browser: &Browser) -> Vec<String> {
    serde_json::from_value(browser.run(MISFITS).await).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn text_can_be_twice_as_large() {
    let scene = Scene::start().await;
    let browser = &scene.browser;
    browser.look_at(Screen::DESKTOP).await;
    for page in pages(&scene).await {
        page.open(&scene).await;
        browser.run("document.documentElement.style.fontSize = '200%'").await;
        let misfits = misfits(browser).await;
        assert!(misfits.is_empty(), "{}: {misfits:#?}", page.name);
    }
    scene.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn names_are_only_names_and_break_no_line() {
    let scene = Scene::start().await;
    let browser = &scene.browser;
    browser.look_at(Screen::PHONE).await;
    let names = [
        "W".repeat(200),
        "عائلة التلال الكبيرة והמשפחה".to_owned(),
        "<script>document.title = 'broken'</script>".to_owned(),
        "\"><img src=x onerror=\"document.title = 'broken'\">".to_owned(),
        "</bdi></h1>{{ csrf }} &amp; {% raw %}".to_owned(),
        "\u{202e}evoli yb detivni\u{2067}\u{2066}".to_owned(),
        "a\u{200b}\u{200d}\u{feff}b".to_owned(),
        "👨‍👩‍👧‍👦".repeat(28),
    ];
    for (n, name) in names.iter().enumerate() {
        let who_is = |id: String| {
            let mut claims = claims(&id);
            claims["name"] = json!(name);
            claims
        };
        let (owner, guest) = (who_is(format!("owner-{n}")), who_is(format!("guest-{n}")));
        let caller = scene.world.anonymous().claiming(&owner);
        let plan = caller.opens(name).await;
        let invite = caller.invites(&plan).await;
        for (who, n_times) in [(&guest, 3), (&owner, 2)] {
            scene.sign_in(who).await;
            browser.open(&invite.url).await;
            let shown =
                browser.run("return [...document.querySelectorAll('bdi')].map(it => it.textContent)").await;
            let shown: Vec<String> = serde_json::from_value(shown).unwrap();
            assert_eq!(shown.iter().filter(|it| *it == name).count(), n_times, "{name:?}: {shown:?}");
            assert_eq!(misfits(browser).await, [] as [&str; 0], "{name:?}");
            assert_eq!(browser.count("img, bdi *, script:not([src])").await, 0, "{name:?}");
            assert_ne!(browser.title().await, "broken");
        }
    }
    scene.end().await;
}
