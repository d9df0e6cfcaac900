//! Stories told with folders: each writes a small site and reads it.

use std::fs;
use std::path::Path;

use super::*;

/// A folder with these files.
fn site(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

fn found(files: &[(&str, &str)]) -> Found {
    read_all(site(files).path())
}

fn read_all(root: &Path) -> Found {
    read(root, &Options::default(), &mut |_, _| {}).unwrap()
}

fn post<'a>(found: &'a Found, source: &str) -> &'a FoundPost {
    let names = || {
        found
            .posts
            .iter()
            .map(|post| &post.source_id)
            .collect::<Vec<_>>()
    };
    found
        .posts
        .iter()
        .find(|post| post.source_id == source)
        .unwrap_or_else(|| panic!("{:?}", names()))
}

fn day(text: &str) -> i64 {
    super::super::dates::parse(text, Offset::UTC).unwrap().ms
}

fn warned(found: &Found, path: &str, words: &str) -> bool {
    found
        .warnings
        .iter()
        .any(|line| line.path == path && line.why.contains(words))
}

const PNG: &str = "\u{fffd} only the name counts";

#[test]
fn a_site_of_hugo_is_read() {
    let found = found(&[
        (
            "hugo.toml",
            "baseURL = 'https://old.example/'\n[permalinks]\nblog = '/:year/:slug/'\n",
        ),
        ("static/img/a.png", PNG),
        ("content/about.md", "---\ntitle: About\n---\nMe\n"),
        ("content/posts/_index.md", "---\ntitle: All posts\n---\n"),
        (
            "content/posts/First_Post.md",
            "---\ntitle: First\ndate: 2020-01-02T03:04:05+01:00\nlastmod: 2020-02-02\naliases: [/old/, older]\ntags: [Rust]\n\
             categories: [Web]\nsummary: S\nweight: 3\n---\n![a](/img/a.png) [b]({{< ref \"bundle/index.md#x\" >}}) \
             [c](https://old.example/2021/c/)\n",
        ),
        (
            "content/posts/bundle/index.md",
            "{\n\"title\": \"B\", \"date\": \"2020-01-03\", \"draft\": true\n}\n![p](pic.gif)\n",
        ),
        (
            "content/posts/bundle/pic.gif",
            "GIF89a\u{3}\0\u{2}\0\0\0\0;",
        ),
        (
            "content/blog/c.md",
            "+++\ntitle = 'C'\ndate = 2021-05-06\nslug = 'c'\n+++\n[back](../../posts/first_post/)\n",
        ),
        (
            "content/posts/c.de.md",
            "---\ntitle: C\ndate: 2020-01-03\n---\nx\n",
        ),
        (
            "content/posts/c.md",
            "---\ntitle: C\ndate: 2220-01-03\n---\nx\n",
        ),
    ]);
    assert_eq!(found.posts.len(), 6);
    let first = post(&found, "content/posts/First_Post.md");
    assert_eq!(
        (
            first.slug.as_str(),
            first.title.as_str(),
            first.summary.as_deref()
        ),
        ("first-post", "First", Some("S"))
    );
    assert_eq!(
        (first.created_at, first.updated_at),
        (day("2020-01-02T02:04:05Z"), Some(day("2020-02-02")))
    );
    assert_eq!(first.tags, ["Rust", "Web"]);
    assert_eq!(first.extra.keys().collect::<Vec<_>>(), ["weight"]);
    for path in [
        "/old",
        "/posts/older",
        "/posts/first_post",
        "/posts/First_Post",
    ] {
        assert!(
            first.old_paths.iter().any(|known| known == path),
            "{path}: {:?}",
            first.old_paths
        );
    }
    let [picture, gif] = &found.media[..] else {
        panic!("{:?}", found.media)
    };
    assert!(first.body.contains(&format!("![a]({})", picture.address())));
    assert_eq!((gif.mime, gif.width), ("image/gif", Some(3)));
    assert!(
        first.body.contains("[b](/posts/bundle#x)"),
        "{}",
        first.body
    );
    assert!(first.body.contains("[c](/posts/c)"), "{}", first.body);
    let bundle = post(&found, "content/posts/bundle/index.md");
    assert!(bundle.draft);
    assert_eq!(post(&found, "content/about.md").kind, PostKind::Page);
    assert_eq!(
        post(&found, "content/blog/c.md").body,
        "[back](/posts/first-post)\n"
    );
    assert_eq!(post(&found, "content/blog/c.md").old_paths[0], "/2021/c");
    let german = post(&found, "content/posts/c.de.md");
    assert_eq!(
        (german.lang.as_deref(), german.slug.as_str()),
        (Some("de"), "c-de")
    );
    assert_eq!(
        post(&found, "content/posts/c.md").created_at,
        day("2220-01-03")
    );
    assert!(warned(&found, "content/posts/c.md", "slug c is taken"));
    assert_eq!(found.skipped[0].path, "content/posts/_index.md");
}

#[test]
fn a_site_of_zola_is_read() {
    let found = found(&[
        ("config.toml", "base_url = 'https://old.example'\n"),
        ("content/_index.md", "+++\ntitle = \"Home\"\n+++\n"),
        (
            "content/about.md",
            "+++\ntitle = \"About\"\n+++\ntext {{ youtube(id=\"x\") }}\n",
        ),
        ("content/blog/_index.md", "+++\ntitle = \"Blog\"\n+++\n"),
        (
            "content/blog/2021-03-04-first.md",
            "+++\ntitle = \"F\"\nupdated = 2021-03-05\naliases = [\"x/y.html\"]\n[taxonomies]\ntags = [\"a\"]\n[extra]\nz = 1\n+++\n\
             [s](@/blog/second/index.md#h) [w](@/gone.md)\n",
        ),
        (
            "content/blog/second/index.md",
            "+++\ntitle = \"S\"\ndate = 2021-03-04T05:06:07Z\npath = \"p/second\"\n+++\n<img src=\"a.svg\">\n",
        ),
        (
            "content/blog/second/a.svg",
            "<svg width='4' height='3'></svg>",
        ),
    ]);
    let first = post(&found, "content/blog/2021-03-04-first.md");
    assert_eq!(
        (first.slug.as_str(), first.created_at),
        ("first", day("2021-03-04"))
    );
    assert_eq!(first.old_paths, ["/x/y.html", "/blog/first"]);
    assert_eq!(first.body, "[s](/posts/second#h) [w](@/gone.md)\n");
    assert!(warned(
        &found,
        "content/blog/2021-03-04-first.md",
        "no post for the link /gone.md"
    ));
    let second = post(&found, "content/blog/second/index.md");
    assert_eq!(
        (second.kind, second.created_at),
        (PostKind::Post, day("2021-03-04T05:06:07Z"))
    );
    assert_eq!(second.old_paths, ["/p/second"]);
    assert_eq!(
        second.body,
        format!("<img src=\"{}\">\n", found.media[0].address())
    );
    assert_eq!(
        (found.media[0].width, found.media[0].height),
        (Some(4), Some(3))
    );
    assert_eq!(post(&found, "content/about.md").kind, PostKind::Page);
    assert_eq!((found.posts.len(), found.skipped.len()), (3, 2));
}

#[test]
fn a_site_of_jekyll_is_read() {
    let found = found(&[
        ("_config.yml", "baseurl: /b\nurl: https://old.example\n"),
        ("README.md", "# Read me\n"),
        (
            "about.md",
            "---\nlayout: page\ntitle: About\npermalink: /about/\n---\nMe\n",
        ),
        ("assets/a.png", PNG),
        (
            "web/_posts/2019-01-02-first.md",
            "---\ntitle: F\ncategories: x\ntags: a b\n---\n![p]({{ site.baseurl }}/assets/a.png)\n",
        ),
        (
            "_posts/2019-01-03-second.markdown",
            "---\ntitle: \"S: s\"\ndate: 2019-01-03 10:00:00 +0200\nredirect_from: /r/\n---\n[f]({% post_url 2019-01-02-first %})\n{: .a}\n",
        ),
        ("_drafts/third.md", "---\ntitle: T\n---\nx\n"),
        (
            "_posts/2019-01-04-hidden.md",
            "---\ntitle: H\npublished: false\n---\nx\n",
        ),
        ("_site/about.md", "---\ntitle: no\n---\nx\n"),
    ]);
    let first = post(&found, "web/_posts/2019-01-02-first.md");
    assert_eq!(first.created_at, day("2019-01-02"));
    assert_eq!(
        first.old_paths,
        ["/web/x/2019/01/02/first.html", "/web/x/2019/01/02/first"]
    );
    assert_eq!(first.tags, ["a", "b", "x", "web"]);
    assert_eq!(first.body, format!("![p]({})\n", found.media[0].address()));
    let second = post(&found, "_posts/2019-01-03-second.markdown");
    assert_eq!(
        (second.title.as_str(), second.created_at),
        ("S: s", day("2019-01-03T08:00:00Z"))
    );
    assert_eq!(
        second.old_paths,
        ["/r", "/2019/01/03/second.html", "/2019/01/03/second"]
    );
    assert_eq!(second.body, "[f](/posts/first)\n\n");
    assert!(
        post(&found, "_drafts/third.md").draft && post(&found, "_posts/2019-01-04-hidden.md").draft
    );
    assert_eq!(
        (post(&found, "about.md").kind, found.posts.len()),
        (PostKind::Page, 5)
    );
    assert!(found.skipped.iter().any(|line| line.path == "README.md"));
}

#[test]
fn a_folder_of_bare_files_is_read() {
    let found = found(&[
        (
            "2020-01-02-one.md",
            "\u{feff}---\r\ntitle: One\r\n---\r\nx\r\ny\r\n",
        ),
        ("two.md", "Intro\n\n# The *second* `one`\n\ntext\n"),
        ("three-and-more.md", "text\n"),
        ("empty.md", "\n"),
        ("broken.md", "---\ntitle: [\n---\nx\n"),
        ("about.md", "hello\n"),
        ("changed.md", "---\nlastmod: 2020-01-05\n---\nx\n"),
    ]);
    assert_eq!(post(&found, "changed.md").created_at, day("2020-01-05"));
    assert_eq!(post(&found, "2020-01-02-one.md").body, "x\ny\n");
    let two = post(&found, "two.md");
    assert_eq!(
        (two.title.as_str(), two.body.as_str()),
        ("The second one", "Intro\n\ntext\n")
    );
    assert!(warned(&found, "two.md", "no date"));
    assert_eq!(post(&found, "three-and-more.md").title, "Three and more");
    assert_eq!(post(&found, "about.md").kind, PostKind::Page);
    let skipped: Vec<_> = found
        .skipped
        .iter()
        .map(|line| line.path.as_str())
        .collect();
    assert_eq!(skipped, ["broken.md", "empty.md"]);
}

#[test]
fn a_date_in_the_path_and_equal_slugs() {
    let found = found(&[
        (
            "a.md",
            "+++\npath = \"2014/12/12/same\"\ntitle = \"A\"\naliases = [\"2014/12/12/same.html\"]\n+++\n[b](same-b.html#c)\n",
        ),
        (
            "b.md",
            "+++\npath = \"2015/12/12/same\"\ntitle = \"B\"\naliases = [\"2014/12/12/same-b.html\", \"2014/12/12/same\"]\n+++\nx\n",
        ),
    ]);
    let (a, b) = (post(&found, "a.md"), post(&found, "b.md"));
    assert_eq!(
        (a.created_at, a.slug.as_str(), b.slug.as_str()),
        (day("2014-12-12"), "same", "same-2")
    );
    assert_eq!(a.old_paths, ["/2014/12/12/same", "/2014/12/12/same.html"]);
    assert_eq!(b.old_paths, ["/2015/12/12/same", "/2014/12/12/same-b.html"]);
    assert_eq!(a.body, "[b](/posts/same-2#c)\n");
    assert!(
        warned(&found, "b.md", "slug same is taken")
            && warned(&found, "b.md", "leads to another post")
    );
}

#[test]
fn code_is_never_touched_and_missing_images_are_named() {
    let code =
        "```html\n<img src=\"a.png\"> {{< x >}} {{closure}}\n```\n\n`![a](a.png)` `{{r4, pc}}`\n";
    let found = found(&[
        (
            "a.md",
            &format!("---\ntitle: A\ndate: 2020-01-01\n---\n{code}"),
        ),
        (
            "b.md",
            "---\ntitle: B\ndate: 2020-01-01\n---\n![x](no.png) ![y](https://e.example/1.png) <img src=//e.example/2.png>\n",
        ),
    ]);
    assert_eq!(post(&found, "a.md").body, code);
    assert!(warned(&found, "b.md", "the file no.png is missing"));
    assert!(warned(
        &found,
        "b.md",
        "other sites' images are not loaded (2)"
    ));
    assert_eq!(found.warnings.len(), 2);
}

#[cfg(unix)]
#[test]
fn nothing_outside_of_the_folder_is_read() {
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::symlink;

    let outside = site(&[("secret.png", PNG), ("secret.md", "# no\n")]);
    let inside = site(&[
        (
            "a.md",
            "---\ntitle: A\ndate: 2020-01-01\n---\n![x](link.png) ![y](../secret.png) ![z](folder/secret.png) ![p](/etc/passwd)\n",
        ),
        ("big.md", ""),
    ]);
    let root = inside.path();
    symlink(outside.path().join("secret.png"), root.join("link.png")).unwrap();
    symlink(outside.path().join("secret.md"), root.join("b.md")).unwrap();
    symlink(outside.path(), root.join("folder")).unwrap();
    symlink(root.join("a.md"), root.join("c.md")).unwrap();
    fs::File::create(root.join("big.md"))
        .unwrap()
        .set_len((16 << 20) + 1)
        .unwrap();
    fs::write(
        root.join(std::ffi::OsStr::from_bytes(b"\xff.md")),
        b"---\ntitle: \xff\ndate: 2020-01-01\n---\nx",
    )
    .unwrap();
    let found = read_all(root);
    assert!(found.media.is_empty());
    assert_eq!(found.posts.len(), 2);
    assert!(warned(&found, "\u{fffd}.md", "UTF-8"));
    assert_eq!(
        found
            .warnings
            .iter()
            .filter(|line| line.why.ends_with("is missing"))
            .count(),
        4
    );
    let out = found
        .skipped
        .iter()
        .filter(|line| line.why.contains("leads out of the folder"))
        .count();
    assert_eq!((out, found.skipped.len()), (3, 5), "{:?}", found.skipped);
}

#[test]
fn one_file_is_read_with_the_images_beside_it() {
    let folder = site(&[
        (
            "a.md",
            "---\ntitle: A\ndate: 2020-01-01\n---\n![x](a.png)\n",
        ),
        ("a.png", PNG),
        ("b.md", "no post:\n"),
    ]);
    let found = read_file(&folder.path().join("a.md"), &Options::default()).unwrap();
    assert_eq!(
        (found.posts.len(), found.media.len(), found.skipped.len()),
        (1, 1, 0)
    );
    assert_eq!(found.posts[0].source_id, "a.md");
    assert!(read_file(&folder.path().join("none.md"), &Options::default()).is_err());
    assert!(
        read(
            &folder.path().join("none"),
            &Options::default(),
            &mut |_, _| {}
        )
        .is_err()
    );
}

#[test]
fn reading_twice_gives_the_same() {
    let folder = site(&[
        (
            "a.md",
            "---\ntitle: A\ndate: 2020-01-01\n---\n![x](a.png)\n",
        ),
        ("a.png", PNG),
    ]);
    assert_eq!(
        format!("{:?}", read_all(folder.path())),
        format!("{:?}", read_all(folder.path()))
    );
}
