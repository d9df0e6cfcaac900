//! Far behind: what is not in memory any more is read from the log, once for all who want it, and as it is now.

use std::thread;

use crate::mine;
use crate::site::Site;
use crate::stream::Stream;

/// Has everything that was said so far be read from the log from now on: settings change how all of it looks.
fn forget_what_is_in_memory(site: &Site) {
    site.set_up();
    let title = [("title", "Ebb and flow")];
    let mut owner = site.owner();
    owner.submit("/admin/settings", &title).expect(303);
}

/// How often the file was asked.
fn reads(site: &Site) -> i64 {
    let page = site.get("/metrics").expect(200).text();
    let mut lines = page.lines();
    let value = lines.find_map(|line| line.strip_prefix("rowlog_reads_total "));
    value.unwrap().parse().unwrap()
}

#[test]
fn readers_far_behind_miss_nothing_and_the_file_is_asked_once_for_all_of_them() {
    let site = Site::with_post("hello");
    let (mut ann, mut bob) = (site.visitor(), site.visitor());
    let first = ann.comment("hello", "Ann", "one");
    (0..600).for_each(|_| bob.react("/posts/hello", "love"));
    bob.reply("hello", first, "Bob", "two");
    (0..600).for_each(|_| bob.react("/posts/hello", "love"));
    forget_what_is_in_memory(&site);
    site.comment("hello", "Cem", "three");
    let (head, before) = (site.head(), reads(&site));

    let path = |after: usize| format!("/posts/hello/events?after={after}");
    let open = |nth: usize| match nth % 10 {
        0 => mine::stream(&site, &ann, &path(nth)),
        _ => site.stream(&path(nth), &[]),
    };
    let told: Vec<Vec<(i64, String)>> = thread::scope(|all| {
        let read = |mut stream: Stream| stream.up_to(head).into_iter();
        let named = |block: crate::stream::Block| (block.id.unwrap(), block.event);
        let readers: Vec<_> = (0..30)
            .map(open)
            .map(|stream| all.spawn(move || read(stream).map(named).collect()))
            .collect();
        readers.into_iter().map(|it| it.join().unwrap()).collect()
    });
    for (told, nth) in told.iter().zip(0..) {
        let viewer = match nth % 10 {
            0 => "visitor:1",
            _ => "nobody",
        };
        let sql = format!(
            "select count(*) from events left join posts on posts.id = post_id
             where events.id > {nth} and (slug = 'hello' and audience = 'public' or audience = '{viewer}')"
        );
        assert_eq!(told.len() as i64, site.ask(&sql), "from {nth}");
        assert!(told.is_sorted_by(|a, b| a.0 < b.0), "from {nth}");
        let own = told.iter().filter(|(_, event)| event == "reply:created");
        assert_eq!(own.count(), usize::from(nth % 10 == 0));
    }
    let asked = reads(&site) - before;
    assert!(asked < 150, "{asked} questions, where each alone asks 300");
}

#[test]
fn what_is_changed_or_deleted_is_told_to_nobody_as_it_was_told_to_others_a_moment_ago() {
    let site = Site::with_post("hello");
    let mut ann = site.visitor();
    let ids: Vec<_> = (0..8)
        .map(|nth| ann.comment("hello", "Ann", &format!("frobnicate {nth}.")))
        .collect();
    (0..200).for_each(|_| ann.react("/posts/hello", "love"));
    forget_what_is_in_memory(&site);
    let told = |text: &str| {
        let found = ["/posts/hello/events?after=0", "/events?after=1"]
            .map(|path| site.get_json(path).to_string().contains(text));
        assert_eq!(found[0], found[1], "{text}");
        found[0]
    };
    for (id, nth) in ids.into_iter().zip(0..) {
        let text = format!("frobnicate {nth}.");
        assert!(told(&text));
        ann.edit(id, &format!("mumble {nth}."));
        assert!(!told(&text) && told(&format!("mumble {nth}.")));
        ann.delete(id);
        assert!(!told(&format!("mumble {nth}.")));
    }
}
