//! Finding one's way from a post: to the parts of its series, and to those like it.

use crate::site::Site;

#[test]
fn parts_of_a_series_know_their_place() {
    let site = Site::start();
    let hugo = |order: u32| format!("series = [\"Low water\"]\nseries_order = {order}");
    site.publish_with("three", "Third", &hugo(3), "Text");
    site.publish_with("one", "First", &hugo(1), "Text");
    let zola = "[taxonomies]\nseries = [\"Low water\"]\n[extra]\nseries_order = 2";
    site.publish_with("two", "Second", zola, "Text");
    site.publish_with(
        "draft",
        "Fourth",
        &format!("{}\ndraft = true", hugo(4)),
        "Text",
    );
    site.publish_with("lone", "Alone", "series = \"Other\"", "Text");
    let page = site.post("two");
    assert_eq!(
        page.text(".series summary"),
        "Part 2 of 3 in the series Low water"
    );
    assert_eq!(page.texts(".series li"), ["First", "Second", "Third"]);
    assert_eq!(
        page.attributes(".series a", "href"),
        ["/posts/one", "/posts/three"]
    );
    assert_eq!(page.text(".series [aria-current]"), "Second");
    assert!(!site.post("lone").has(".series"), "one part is no series");
    site.publish("three", "Third", "Text");
    assert_eq!(
        site.post("one").text(".series summary"),
        "Part 1 of 2 in the series Low water"
    );
}

#[test]
fn a_post_leads_to_those_like_it_and_to_none_otherwise() {
    let site = Site::start();
    let boats = "tags = [\"boats\"]";
    site.publish_with(
        "hull",
        "Caulking a wooden hull",
        boats,
        "Oakum and pitch close the seams of a clinker hull.",
    );
    site.publish_with(
        "pitch",
        "Pitch and oakum",
        boats,
        "Which pitch, which oakum, and how warm the seams must be.",
    );
    site.publish_with(
        "sour",
        "Sourdough",
        "tags = [\"bread\"]",
        "Flour, water and patience.",
    );
    site.publish_with(
        "tax",
        "On forms",
        "",
        "A quarrel with an office about stamps.",
    );
    site.publish_with(
        "other",
        "Pitch, oakum, seams",
        &format!("{boats}\ndraft = true"),
        "Oakum pitch seams hull.",
    );
    let related = |slug: &str| site.post(slug).attributes(".related a", "href");
    assert_eq!(related("hull"), ["/posts/pitch"]);
    assert_eq!(related("pitch"), ["/posts/hull"]);
    assert_eq!(related("sour"), [""; 0]);
    assert_eq!(related("tax"), [""; 0]);
    for slug in ["hull", "pitch"] {
        let series = format!("{boats}\nseries = \"Boats\"");
        site.publish_with(
            slug,
            slug,
            &series,
            "Oakum and pitch in the seams of a clinker hull.",
        );
    }
    assert!(site.post("hull").has(".series"));
    assert_eq!(
        related("hull"),
        [""; 0],
        "the parts of a series are named once"
    );
}
