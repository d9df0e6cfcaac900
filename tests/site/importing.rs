//! Moving in: folders of Markdown as Zola, Hugo and Jekyll keep them, and a real blog where its files are at hand.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::command::Outcome;
use crate::page::Page;
use crate::site::{Site, path};

/// One pixel.
const PICTURE: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

fn picture() -> Vec<u8> {
    STANDARD.decode(PICTURE).unwrap()
}

fn import(site: &Site, folder: &str) -> Outcome {
    site.rowlog(&["import", "markdown", path(&site.path(folder))])
        .worked()
}

/// The post that an old address leads to.
#[track_caller]
fn follow(site: &Site, old: &str) -> Page {
    let moved = site.get(old).expect(301);
    site.get(moved.location()).expect(200).page()
}

#[test]
fn a_zola_blog_moves_in_with_its_addresses_links_and_pictures() {
    let site = Site::start();
    site.write(
        "zola/content/_index.md",
        "+++\ntitle = \"A section is not a post\"\n+++\n",
    );
    site.write(
        "zola/content/blog/2021-03-04-first.md",
        "+++\ntitle = \"First\"\naliases = [\"old/first.html\"]\n[taxonomies]\ntags = [\"rust\", \"boats\"]\n[extra]\nmood = \"calm\"\n+++\n\
         See [the second](@/blog/second/index.md#why).\n\n<!-- more -->\n\n{{ youtube(id=\"abc123\") }}\n\n```rust\nfn main() {}\n```\n",
    );
    site.write(
        "zola/content/blog/second/index.md",
        "+++\ntitle = \"Second\"\npath = \"2020/01/second\"\ndate = 2020-01-02\nupdated = 2020-02-03T04:05:06Z\n+++\n\n## Why\n\n![A boat](boat.png)\n\n![Lost](lost.png)\n",
    );
    site.write("zola/content/blog/second/boat.png", picture());
    site.write(
        "zola/content/blog/draft.md",
        "+++\ntitle = \"Not yet\"\ndate = 2020-01-01\ndraft = true\n+++\nsecret\n",
    );
    let report = import(&site, "zola/content");
    let said = format!("{}{}", report.stdout, report.stderr);
    assert!(
        said.contains("lost.png"),
        "a missing picture is not reported: {said}"
    );

    let first = follow(&site, "/blog/first/");
    assert_eq!(follow(&site, "/old/first.html").text("h1"), "First");
    assert_eq!(
        first.attribute("header time", "datetime").get(..10),
        Some("2021-03-04"),
        "the day in the file name"
    );
    assert!(first.has("a[rel=tag][href='/tags/boats']"));
    assert!(first.has(".prose pre code span[class]"));
    assert!(
        !first.text(".prose").contains("{{") && !first.text(".prose").contains("+++"),
        "{}",
        first.text(".prose")
    );
    let link = first.attribute(".prose a", "href");
    assert!(link.ends_with("#why"), "{link}");
    let second = site.get(link.split('#').next().unwrap()).expect(200).page();
    assert_eq!(second.text("h1"), "Second");
    assert_eq!(follow(&site, "/2020/01/second/").text("h1"), "Second");
    assert_eq!(follow(&site, "/2020/01/second").text("h1"), "Second");
    let image = second.attribute(".prose img[alt='A boat']", "src");
    assert!(image.starts_with("/media/"), "{image}");
    assert!(
        second.has(".prose img[width='1'][height='1']"),
        "the page jumps when the picture comes"
    );
    let media = site.get(&image).expect(200);
    assert_eq!(
        (media.header("content-type"), media.body.as_slice()),
        (Some("image/png"), picture().as_slice())
    );
    assert_eq!(media.header("x-content-type-options"), Some("nosniff"));
    assert!(
        media
            .header("content-security-policy")
            .is_some_and(|policy| policy.contains("sandbox"))
    );
    let part = site
        .send("GET", &image, &[("Range", "bytes=0-3")], b"")
        .expect(206);
    assert_eq!(part.body, picture()[..4]);
    site.get("/blog/draft/").expect(404);
    assert!(
        !site
            .get("/archive")
            .text()
            .contains("A section is not a post")
    );
}

#[test]
fn a_hugo_blog_moves_in_whatever_its_front_matter_is_written_in() {
    let site = Site::start();
    site.write("hugo/content/posts/toml.md", "+++\ntitle = \"Toml\"\ndate = 2020-01-01T10:00:00+02:00\ntags = [\"one\"]\n+++\nText {{< youtube abc >}}\n");
    site.write("hugo/content/posts/yaml.md", "\u{feff}---\r\ntitle: \"Yaml: yes\"\r\ndate: 2020-01-02\r\nslug: other-name\r\naliases:\r\n  - /ancient/\r\ntags: [one, two]\r\n---\r\nText\r\n");
    site.write(
        "hugo/content/posts/json.md",
        "{\n  \"title\": \"Json\",\n  \"date\": \"2020-01-03\"\n}\n\nText\n",
    );
    site.write(
        "hugo/content/posts/bundle/index.md",
        "---\ntitle: Bundle\ndate: 2020-01-04\n---\n![Boat](images/boat.png)\n",
    );
    site.write("hugo/content/posts/bundle/images/boat.png", picture());
    site.write(
        "hugo/content/posts/later.md",
        "---\ntitle: Later\ndate: 2126-01-01\n---\nText\n",
    );
    import(&site, "hugo/content");
    assert_eq!(follow(&site, "/posts/toml/").text("h1"), "Toml");
    assert_eq!(follow(&site, "/posts/other-name/").text("h1"), "Yaml: yes");
    assert_eq!(follow(&site, "/ancient/").text("h1"), "Yaml: yes");
    assert_eq!(follow(&site, "/posts/json/").text("h1"), "Json");
    let bundle = follow(&site, "/posts/bundle/");
    site.get(&bundle.attribute(".prose img", "src")).expect(200);
    assert!(
        site.get("/tags/one")
            .expect(200)
            .page()
            .texts("main a")
            .iter()
            .any(|text| text.contains("Toml"))
    );
    assert!(
        !site.get("/archive").text().contains("Later"),
        "a post of the future is shown"
    );
    assert!(!site.post("toml").text(".prose").contains("{{<"));
}

#[test]
fn a_jekyll_blog_moves_in_with_the_addresses_it_had() {
    let site = Site::start();
    site.write(
        "jekyll/_posts/2019-05-01-hello-world.md",
        "---\ntitle: Hello\ncategories: news\ntags: red green\nredirect_from: /even-older/\n---\n{% highlight rust %}\nfn main() {}\n{% endhighlight %}\n\n![Boat]({{ site.baseurl }}/assets/boat.png)\n",
    );
    site.write("jekyll/assets/boat.png", picture());
    site.write("jekyll/_posts/2019-05-02-second.md", "---\ntitle: Second\ndate: 2019-05-02 10:00:00 +0200\npermalink: /by/hand/\n---\nSee [it]({% post_url 2019-05-01-hello-world %}).\n");
    site.write("jekyll/_drafts/idea.md", "---\ntitle: Idea\n---\nsecret\n");
    site.write(
        "jekyll/_posts/2019-05-03-hidden.md",
        "---\ntitle: Hidden\npublished: false\n---\nsecret\n",
    );
    import(&site, "jekyll");
    let hello = follow(&site, "/news/2019/05/01/hello-world.html");
    assert_eq!(hello.text("h1"), "Hello");
    assert_eq!(follow(&site, "/even-older/").text("h1"), "Hello");
    assert!(hello.has(".prose pre code span[class]") && !hello.text(".prose").contains("{%"));
    assert!(
        hello.has("a[rel=tag][href='/tags/red']") && hello.has("a[rel=tag][href='/tags/green']")
    );
    site.get(&hello.attribute(".prose img", "src")).expect(200);
    let second = follow(&site, "/by/hand/");
    assert_eq!(
        site.get(&second.attribute(".prose a", "href"))
            .expect(200)
            .page()
            .text("h1"),
        "Hello"
    );
    let all = site.get("/archive").text();
    assert!(!all.contains("Idea") && !all.contains("Hidden"));
}

#[test]
fn a_dry_run_changes_nothing_and_a_second_run_adds_nothing() {
    let site = Site::start();
    site.write(
        "blog/one.md",
        "+++\ntitle = \"One\"\ndate = 2020-01-01\n+++\n![b](b.png)\n",
    );
    site.write("blog/b.png", picture());
    site.write(
        "blog/deep/one.md",
        "+++\ntitle = \"Another one\"\ndate = 2020-01-02\n+++\nText\n",
    );
    let state = |site: &Site| {
        ["posts", "media", "redirects", "tags", "events"]
            .map(|table| site.ask(&format!("select count(*) from {table}")))
    };
    let before = state(&site);
    let dry = site
        .rowlog(&["import", "markdown", path(&site.path("blog")), "--dry-run"])
        .worked();
    assert!(
        dry.stdout.contains("One") || dry.stdout.contains('2'),
        "it reports nothing: {}",
        dry.stdout
    );
    assert_eq!(state(&site), before);
    import(&site, "blog");
    let after = state(&site);
    assert_eq!(after[0], before[0] + 2);
    assert_eq!(
        site.get("/archive")
            .page()
            .texts("main a")
            .iter()
            .filter(|text| text.contains("ne"))
            .count(),
        2,
        "two files of one name"
    );
    import(&site, "blog");
    assert_eq!(state(&site), after);
    assert!(
        !site
            .rowlog(&["import", "markdown", path(&site.path("nowhere"))])
            .complaint()
            .is_empty()
    );
    site.write(
        "mixed/good.md",
        "+++\ntitle = \"Good\"\ndate = 2020-01-01\n+++\nText\n",
    );
    site.write("mixed/bad.md", "+++\ntitle = \n+++\nText\n");
    let report = import(&site, "mixed");
    assert!(
        format!("{}{}", report.stdout, report.stderr).contains("bad.md"),
        "a skipped file is not reported"
    );
    site.post("good");
}

/// A post of the real blog, as its file describes it.
struct RealPost {
    file: PathBuf,
    title: String,
    old: Vec<String>,
}

#[test]
fn a_real_blog_moves_in_whole() {
    let content = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/rust-blog/content");
    if !content.is_dir() {
        println!("skipped: {} is not here", content.display());
        return;
    }
    let posts = real_posts(&content);
    let site = Site::start();
    let before = site.ask("select count(*) from posts");
    let started = Instant::now();
    let report = site
        .rowlog(&["import", "markdown", path(&content)])
        .worked();
    println!(
        "a real blog of {} posts moved in within {:?}",
        posts.len(),
        started.elapsed()
    );
    assert!(
        report.stdout.contains(&posts.len().to_string()),
        "the report does not say {}: {}",
        posts.len(),
        report.stdout
    );
    assert_eq!(
        site.ask("select count(*) from posts where kind = 'post'") - before,
        posts.len() as i64
    );

    let said = format!("{}{}", report.stdout, report.stderr);
    let mut pages = HashSet::new();
    let mut pictures = HashSet::new();
    for post in &posts {
        let file = post.file.display();
        let homes: HashSet<_> = post
            .old
            .iter()
            .map(|old| site.get(old).expect(301).location().to_owned())
            .collect();
        assert_eq!(
            homes.len(),
            1,
            "{file}: its old addresses lead to {homes:?}"
        );
        let home = homes.into_iter().next().unwrap();
        let page = site.get(&home).expect(200).page();
        assert!(pages.insert(home), "{file} has no page of its own");
        assert_eq!(page.text("h1"), folded(&post.title), "{file}");
        let prose = page.text(".prose");
        assert!(
            !prose.starts_with("+++") && !prose.contains("aliases = ["),
            "{file}: front matter leaks"
        );
        for source in page.attributes(".prose img", "src") {
            if source.starts_with("/media/") {
                pictures.insert(source);
                continue;
            }
            let beside = post.file.with_file_name(&source);
            assert!(
                !beside.is_file(),
                "{file}: {source} is there and does not show"
            );
            assert!(
                is_reported(&said, &post.file, &source),
                "{file}: {source} is not reported"
            );
        }
    }
    assert!(pictures.len() > 50, "only {} pictures show", pictures.len());
    for picture in &pictures {
        site.send("HEAD", picture, &[], b"").expect(200);
    }
    let coloured = "select count(*) from posts where body like '%```rust%' and html not like '%<pre%<span class=%'";
    assert_eq!(site.ask(coloured), 0, "code is not coloured");

    let state = || {
        ["posts", "media", "redirects", "events"]
            .map(|table| site.ask(&format!("select count(*) from {table}")))
    };
    let (first, changed) = (state(), site.ask("select sum(version) from posts"));
    site.rowlog(&["import", "markdown", path(&content)])
        .worked();
    assert_eq!(
        (state(), site.ask("select sum(version) from posts")),
        (first, changed),
        "running it again changes something"
    );
}

/// Whether the report says that a picture does not show: by its name, or by its being another site's.
fn is_reported(report: &str, file: &Path, source: &str) -> bool {
    let file = file.file_name().and_then(OsStr::to_str).unwrap();
    let name = source.rsplit('/').next().unwrap();
    let foreign = source.starts_with("http");
    let mut lines = report.lines().filter(|line| line.contains(file));
    lines.any(|line| line.contains(name) || foreign && line.contains("other sites"))
}

fn folded(title: &str) -> String {
    title.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Every file with a title that is no section page, and the addresses it had.
fn real_posts(folder: &Path) -> Vec<RealPost> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let file = entry.unwrap().path();
        if file.is_dir() {
            found.extend(real_posts(&file));
        } else if file.extension().is_some_and(|kind| kind == "md")
            && file.file_name().is_some_and(|name| name != "_index.md")
        {
            found.extend(real_post(file));
        }
    }
    found
}

fn real_post(file: PathBuf) -> Option<RealPost> {
    let text = fs::read_to_string(&file).unwrap();
    let front_matter = text.strip_prefix("+++")?.split("\n+++").next()?;
    let table: toml::Table = front_matter
        .parse()
        .unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let title = table.get("title")?.as_str()?.to_owned();
    let aliases = table
        .get("aliases")
        .and_then(toml::Value::as_array)
        .into_iter()
        .flatten();
    let path = table
        .get("path")
        .into_iter()
        .chain(aliases)
        .filter_map(toml::Value::as_str);
    let old = path
        .map(|path| format!("/{}", path.trim_start_matches('/')))
        .collect();
    Some(RealPost { file, title, old })
}
