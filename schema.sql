-- The whole current schema of a blog, in one SQLite file.
-- Times are integers: milliseconds since the Unix epoch, UTC. Ids that readers see are never reused.
-- A new file is created from this text; older files take the steps in src/store/migrate/.

pragma application_id = 0x526F774C; -- "RowL"

create table settings (
    key   text not null primary key,
    value text not null
) strict;

-- The blog's own icon, if its owner has given it one: the same square picture in each size.
create table icons (
    size  integer not null primary key,            -- pixels of a side
    bytes blob not null                            -- PNG
) strict;

-- Readers who have posted something. A browser holds a random token in its cookie; only the hash is kept here.
create table visitors (
    id         integer primary key autoincrement,
    token_hash blob not null unique,               -- SHA-256 of the cookie's value
    name       text not null default '',           -- as last typed, to fill the next form
    email      text,
    url        text,
    show_name  integer not null default 0 check (show_name in (0, 1)), -- to other readers, while reading
    created_at integer not null,
    seen_at    integer not null,
    read_to    integer not null default 0          -- the newest event that was marked as read: replies after it are unread
) strict;

-- Where the owner is signed in. A browser holds a random token in its cookie; only the hash is kept here.
create table sessions (
    id         integer primary key autoincrement,
    token_hash blob not null unique,               -- SHA-256 of the cookie's value
    agent      text not null,                      -- what the browser calls itself
    created_at integer not null,
    seen_at    integer not null                    -- to within an hour
) strict;

-- Devices on which the owner has signed in before: strangers who guess at the password cannot lock these out.
create table devices (
    token_hash blob not null primary key,
    seen_at    integer not null
) strict, without rowid;

-- What signing in takes beside the password, if the owner wants it: one row, or none.
create table second_step (
    only     integer primary key check (only = 1),
    secret   blob not null,                        -- sealed with the key beside the file (src/key.rs)
    spent    integer not null,                     -- the newest step whose code was used: none is good twice
    since    integer not null
) strict;

-- Codes to write down, each good once in place of the telephone's. Only their hashes are here.
create table written_codes (
    code_hash blob not null primary key            -- SHA-256 of the code (src/totp.rs)
) strict, without rowid;

-- Apps of the owner's that may post from outside. An app holds a random token; only the hash is kept here.
create table tokens (
    id         integer primary key autoincrement,
    token_hash blob not null unique,               -- SHA-256 of the token
    name       text not null,
    scopes     text not null,                      -- words with spaces between them (src/model/app.rs)
    created_at integer not null,
    used_at    integer                             -- to within a minute
) strict;

create table import_batches (
    id         integer primary key autoincrement,
    source     text not null,                      -- 'markdown', 'wordpress', …
    path       text not null,                      -- what was read, as given on the command line
    posts      integer not null default 0,
    media      integer not null default 0,
    created_at integer not null,
    undone_at  integer
) strict;

create table posts (
    id               integer primary key autoincrement,
    kind             text not null default 'post' check (kind in ('post', 'page')),
    slug             text not null,
    title            text not null,
    summary          text,                         -- the author's own; otherwise the excerpt is shown
    excerpt          text not null,                -- plain text, derived from the body
    body             text not null,                -- Markdown source
    html             text not null,                -- rendered once, when saved
    text             text not null,                -- what the html says, without its marks: for the search
    tag_names        text not null default '',     -- the names of its tags, for the search
    headings         text not null,                -- JSON list of {level, id, title}, for the table of contents
    words            integer not null,
    renderer         integer not null,             -- version of the renderer that made html
    status           text not null check (status in ('draft', 'scheduled', 'published', 'unlisted', 'deleted')),
    lang             text,                         -- BCP 47 tag where it differs from the blog's
    published_at     integer,                      -- null until it is first scheduled or published
    created_at       integer not null,
    updated_at       integer not null,
    comments_open    integer not null default 1 check (comments_open in (0, 1)),
    discussion       text not null default 'thread' check (discussion in ('thread', 'chat')),
    last_number      integer not null default 0,   -- the number given to the newest comment; never goes back
    last_thread      integer not null default 0,   -- the number given to the newest thread; never goes back
    comment_count    integer not null default 0,   -- published comments
    last_entry       integer not null default 0,   -- the number given to the newest entry; never goes back
    entry_count      integer not null default 0,   -- published entries
    version          integer not null default 1,   -- rises with every change to the post
    trashed_from     text,                         -- the status to which a post in the trash goes back
    trashed_at       integer,
    reaction_version integer not null default 0,   -- rises with every reaction to the post
    extra            text not null default '{}',   -- front matter we have no column for, so that an export returns it
    series           text,                         -- from extra: the series it is a part of
    series_order     integer,                      -- from extra: its place there; by date where none is given
    pinned           integer not null default 0 check (pinned in (0, 1)), -- from extra: first on the home page
    attempt          blob unique,                  -- SHA-256 of what the editor sent to make it, so that a form sent twice makes one
    source           text,                         -- importer, with source_id the key of an imported row
    source_id        text,
    batch_id         integer references import_batches,
    unique (kind, slug),
    unique (source, source_id),
    check (status in ('draft', 'deleted') or published_at is not null)
) strict;

create index posts_by_time on posts (kind, status, published_at desc, id desc, pinned);
create index posts_by_due on posts (published_at) where status = 'scheduled';
create index posts_by_series on posts (series) where series is not null;
create index posts_by_pin on posts (published_at desc, id desc) where pinned = 1;

create table tags (
    id         integer primary key,
    slug       text not null unique,
    name       text not null,
    post_count integer not null default 0          -- published posts that bear it
) strict;

create table post_tags (
    post_id   integer not null references posts on delete cascade,
    tag_id    integer not null references tags on delete cascade,
    position  integer not null,                    -- in the order the author wrote them
    listed_at integer,                             -- when the post was published, while it is in lists
    primary key (post_id, tag_id)
) strict, without rowid;

create index post_tags_by_tag on post_tags (tag_id, listed_at desc, post_id desc);

-- How many posts were published in each stretch of time, and their words: so that nobody counts posts one by one to tell the
-- place of one among all (src/store/places.rs).
create table post_counts (
    width   integer not null check (width in (26, 32)), -- a stretch has 2^26 ms, most of a day, or 2^32, seven weeks
    stretch integer not null,                      -- published_at >> width
    posts   integer not null,
    words   integer not null,
    primary key (width, stretch)
) strict, without rowid;

-- Triggers keep what is counted of posts and tags, whoever writes.
create trigger post_counted after insert on posts when new.kind = 'post' and new.status = 'published' begin
    insert into post_counts
        select column1, new.published_at >> column1, 1, new.words from (values (26), (32)) where true
        on conflict do update set posts = posts + 1, words = words + excluded.words;
end;

create trigger post_counted_anew after update of kind, status, published_at, words on posts
    when (old.kind, old.status, old.published_at, old.words) is not (new.kind, new.status, new.published_at, new.words) begin
    update post_counts set posts = posts - 1, words = words - old.words
        where (width, stretch) in (values (26, old.published_at >> 26), (32, old.published_at >> 32))
            and old.kind = 'post' and old.status = 'published';
    insert into post_counts
        select column1, new.published_at >> column1, 1, new.words from (values (26), (32))
        where new.kind = 'post' and new.status = 'published'
        on conflict do update set posts = posts + 1, words = words + excluded.words;
    update post_tags set listed_at = iif(new.kind = 'post' and new.status = 'published', new.published_at, null)
        where post_id = new.id;
end;

create trigger post_discounted after delete on posts when old.kind = 'post' and old.status = 'published' begin
    update post_counts set posts = posts - 1, words = words - old.words
        where (width, stretch) in (values (26, old.published_at >> 26), (32, old.published_at >> 32));
end;

create trigger post_tagged after insert on post_tags begin
    update post_tags set listed_at =
            (select published_at from posts where id = new.post_id and kind = 'post' and status = 'published')
        where (post_id, tag_id) = (new.post_id, new.tag_id);
end;

create trigger tag_counted after update of listed_at on post_tags
    when (old.listed_at is null) <> (new.listed_at is null) begin
    update tags set post_count = post_count + iif(new.listed_at is null, -1, 1) where id = new.tag_id;
end;

create trigger tag_discounted after delete on post_tags when old.listed_at is not null begin
    update tags set post_count = post_count - 1 where id = old.tag_id;
end;

-- What the author is writing and has not published: the editor's fields as typed.
create table manuscripts (
    post_id  integer not null primary key references posts on delete cascade,
    fields   text not null,                        -- JSON, src/model/manuscript.rs
    version  integer not null,                     -- rises with every save, so that two windows notice each other
    saved_at integer not null
) strict;

-- The texts a post has had, the one it has now among them.
create table revisions (
    id       integer primary key autoincrement,
    post_id  integer not null references posts on delete cascade,
    title    text not null,
    summary  text,
    body     text not null,
    extra    text not null default '{}',           -- its front matter then
    saved_at integer not null
) strict;

create index revisions_by_post on revisions (post_id, id desc);

-- Every other path that leads to a post: earlier slugs, aliases, the addresses it had elsewhere.
create table redirects (
    path    text not null primary key,             -- from the root, without a trailing slash
    post_id integer not null references posts on delete cascade
) strict, without rowid;

create index redirects_by_post on redirects (post_id);

-- Files of a folder that is watched, as they were when they were last taken.
create table watched_files (
    name   text not null primary key,              -- from the folder, with slashes
    digest blob not null,                          -- SHA-256 of its text and of the names of its pictures
    kind   text not null,                          -- the post that it is the source of
    slug   text not null,
    unique (kind, slug)
) strict, without rowid;

create table media (
    hash       text not null primary key,          -- SHA-256 of the bytes, lower-case hex
    name       text not null,
    mime       text not null,
    width      integer,                            -- pixels, for images
    height     integer,
    alt        text not null default '',           -- what it shows, for those who do not see it
    is_sized   integer not null default 0 check (is_sized in (0, 1)), -- whether its smaller sizes were made, if any can be
    created_at integer not null,
    batch_id   integer references import_batches,
    bytes      blob not null                       -- last, so that nothing else is read past it
) strict;

create index media_by_time on media (created_at desc, hash);
create index media_by_size on media (hash) where is_sized = 0;

-- The smaller sizes of a picture, so that a phone need not fetch what it cannot show.
create table media_variants (
    hash  text not null references media on delete cascade,
    width integer not null,                        -- pixels
    mime  text not null,                           -- not always that of the picture
    bytes blob not null,
    primary key (hash, width)
) strict;

create table comments (
    id               integer primary key autoincrement,
    post_id          integer not null references posts on delete cascade,
    parent_id        integer references comments,
    depth            integer not null check (depth >= 0), -- 0 for the first of a thread
    thread           integer not null,             -- number of its thread in the post, for stable pages
    number           integer not null,             -- its row in the post, never reused
    visitor_id       integer references visitors on delete set null,
    owner            integer not null default 0 check (owner in (0, 1)),
    name             text not null,
    likeness         text,                         -- of a visitor's name: the same of all that look like it (src/model/typed/likeness.rs)
    namesake         integer not null default 0 check (namesake in (0, 1)), -- whether another visitor bore such a name first
    email            text,                         -- private
    url              text,
    body             text not null,                -- Markdown source; empty once deleted
    html             text not null,                -- sanitised; empty once deleted
    renderer         integer not null,
    status           text not null check (status = 'published' or status in ('pending', 'rejected', 'spam', 'deleted')),
    held_for         text,                         -- why it waits or waited
    op               text,                         -- the client's id of the attempt, so that a repeated post is one comment
    client           blob,                         -- keyed hash of where it came from, for at most seven days (src/model/client.rs)
    created_at       integer not null,
    edited_at        integer,
    edited_by_owner  integer not null default 0 check (edited_by_owner in (0, 1)), -- whether its last change was the owner's
    pinned           integer not null default 0 check (pinned in (0, 1)), -- shown before the other threads of its post
    closed           integer not null default 0 check (closed in (0, 1)), -- whether its thread takes no more answers
    version          integer not null default 1,
    reaction_version integer not null default 0,
    unique (post_id, number)
) strict;

create index comments_by_thread on comments (post_id, thread, number);
create index comments_by_parent on comments (parent_id) where parent_id is not null;
create index comments_by_visitor on comments (visitor_id, created_at);
create index comments_by_time on comments (status, created_at);
create index comments_by_post_time on comments (post_id, created_at);
create index comments_by_age on comments (created_at);
create index comments_by_likeness on comments (likeness, id) where likeness is not null;
create index comments_pinned on comments (post_id, thread) where pinned = 1;
create index comments_by_reason on comments (held_for, created_at) where status = 'pending';
create index comments_by_client on comments (client, created_at) where client is not null;
create unique index comments_by_op on comments (post_id, op) where op is not null;

-- What the owner deleted and may still take back: the words that the comment's own row no longer has.
create table deleted_comments (
    comment_id integer not null primary key references comments on delete cascade,
    status     text not null,                      -- the one it goes back to
    visitor_id integer references visitors on delete cascade, -- whoever is erased is erased here too
    name       text not null,
    email      text,
    url        text,
    body       text not null,
    html       text not null,
    renderer   integer not null,
    held_for   text,
    deleted_at integer not null
) strict;

create index deleted_comments_by_visitor on deleted_comments (visitor_id);
create index deleted_comments_by_time on deleted_comments (deleted_at);

-- Who may not write here. A ban that was lifted stays a while, so that lifting it can be undone.
create table bans (
    id         integer primary key autoincrement,
    kind       text not null check (kind in ('visitor', 'client')),
    key        blob not null,                      -- of a visitor the hash of the cookie, of a client its keyed hash
    until      integer,                            -- null for as long as the owner wants
    why        text not null default '',           -- the owner's own note
    created_at integer not null,
    lifted_at  integer
) strict;

create unique index bans_by_key on bans (kind, key) where lifted_at is null;

-- What the owner adds to a post as it happens: a liveblog.
create table entries (
    id         integer primary key autoincrement,
    post_id    integer not null references posts on delete cascade,
    number     integer not null,                   -- its row in the post, never reused
    title      text,
    excerpt    text not null,                      -- plain text, derived from the body; empty once deleted
    body       text not null,                      -- Markdown source; empty once deleted
    html       text not null,                      -- rendered once, when saved; empty once deleted
    renderer   integer not null,
    status     text not null check (status in ('published', 'deleted')),
    created_at integer not null,
    edited_at  integer,
    version    integer not null default 1,
    unique (post_id, number)
) strict;

create index entries_by_time on entries (status, created_at);

create table reactions (
    post_id    integer not null references posts on delete cascade,
    comment_id integer not null default 0,         -- 0 for a reaction to the post itself
    visitor_id integer not null references visitors on delete cascade,
    kind       text not null,
    created_at integer not null,
    primary key (post_id, comment_id, kind, visitor_id)
) strict, without rowid;

create index reactions_by_visitor on reactions (visitor_id, post_id);

-- How often posts were read: the blog's own statistics, in which no reader is. Days are those of the owner's time zone.
create table views (
    day     text not null,                         -- 2026-11-14
    post_id integer not null references posts on delete cascade,
    count   integer not null,
    primary key (day, post_id)
) strict, without rowid;

create index views_by_post on views (post_id);

-- What led readers here: hosts alone, and no more than a few hundred a day.
create table referrers (
    day   text not null,
    host  text not null,                           -- empty for all that are too many to name
    count integer not null,
    primary key (day, host)
) strict, without rowid;

-- The log: what happened, in commit order. It names rows and never holds what they say.
create table events (
    id       integer primary key autoincrement,    -- the event id that streams send
    kind     text not null,                        -- noun:verb, a closed list (src/model/event.rs)
    post_id  integer,                              -- the post whose stream carries it
    subject  integer not null,                     -- the row it speaks of: a post, a comment, an entry or a batch; of a reaction, the
                                                   -- comment reacted to, or 0 for the post
    audience text not null,                        -- 'public', 'owner' or 'visitor:ID' (the owner sees all)
    at       integer not null,
    data     text,                                 -- JSON of small facts, such as {"from":…,"to":…}
    change   integer                               -- the first event of the same transaction; null for that one itself
) strict;

create index events_by_post on events (post_id, id);
create index events_by_audience on events (audience, id);
-- For the owner's list of what happened: by noun, by day, and what belongs together.
create index events_by_noun on events (substr(kind, 1, instr(kind, ':') - 1), id);
create index events_by_time on events (at);
create index events_by_change on events (change) where change is not null;
create index events_by_comment on events (subject, id) where kind glob 'comment:*';
create index events_undone on events (subject) where kind = 'change:undone';

-- How far each stream was trimmed: a cursor below `id` has missed an event of that stream.
create table trimmed (
    stream text not null primary key,              -- 'public', 'owner', 'visitor:ID', 'post:ID'; '*' for all of them
    id     integer not null                        -- the newest event of it that is gone
) strict, without rowid;

-- The search. An index holds the words of what everyone may read and of nothing else, so that no result, count or
-- suggestion can tell of a draft. The triggers keep it, whoever writes; it has no text of its own and reads it through
-- the view. With `secure-delete` a word that is taken back leaves the pages of the index as it leaves the table.
create view searchable_posts as
    select id, title, summary, tag_names, text from posts where kind = 'post' and status = 'published';

create virtual table post_index using fts5 (
    title, summary, tag_names, text,
    content = 'searchable_posts', content_rowid = 'id',
    tokenize = 'unicode61 remove_diacritics 2', prefix = '3 4'
);

insert into post_index (post_index, rank) values ('secure-delete', 1);
insert into post_index (post_index, rank) values ('rank', 'bm25(10.0, 4.0, 4.0, 1.0)');

create trigger post_added after insert on posts when new.kind = 'post' and new.status = 'published' begin
    insert into post_index (rowid, title, summary, tag_names, text)
        values (new.id, new.title, new.summary, new.tag_names, new.text);
end;

create trigger post_changed after update of kind, status, title, summary, tag_names, text on posts
    when (old.kind, old.status, old.title, old.summary, old.tag_names, old.text)
        is not (new.kind, new.status, new.title, new.summary, new.tag_names, new.text) begin
    insert into post_index (post_index, rowid, title, summary, tag_names, text)
        select 'delete', old.id, old.title, old.summary, old.tag_names, old.text
        where old.kind = 'post' and old.status = 'published';
    insert into post_index (rowid, title, summary, tag_names, text)
        select new.id, new.title, new.summary, new.tag_names, new.text
        where new.kind = 'post' and new.status = 'published';
end;

create trigger post_removed after delete on posts when old.kind = 'post' and old.status = 'published' begin
    insert into post_index (post_index, rowid, title, summary, tag_names, text)
        values ('delete', old.id, old.title, old.summary, old.tag_names, old.text);
end;

-- Comments by what they say and who said it. Whether their post is in lists is asked when searching.
create view searchable_comments as
    select id, name, body from comments where status = 'published';

create virtual table comment_index using fts5 (
    name, body,
    content = 'searchable_comments', content_rowid = 'id',
    tokenize = 'unicode61 remove_diacritics 2', prefix = '3 4'
);

insert into comment_index (comment_index, rank) values ('secure-delete', 1);
insert into comment_index (comment_index, rank) values ('rank', 'bm25(2.0, 1.0)');

-- Those whose words are not in it yet. The writer puts them in before it commits, all of a group at once: the index writes
-- itself to disk at every savepoint. So this table is empty, unless the index is damaged. New ones the program notes itself
-- (src/store/search.rs), as a trigger makes their insertion dearer.
create table comments_to_index (
    comment_id integer primary key
) strict;

create trigger comment_changed after update of status, name, body on comments
    when (old.status, old.name, old.body) is not (new.status, new.name, new.body) begin
    insert into comment_index (comment_index, rowid, name, body)
        select 'delete', old.id, old.name, old.body where old.status = 'published'
            and not exists (select 1 from comments_to_index where comment_id = old.id);
    delete from comments_to_index where comment_id = old.id;
    insert into comments_to_index select new.id where new.status = 'published';
end;

create trigger comment_removed after delete on comments when old.status = 'published' begin
    insert into comment_index (comment_index, rowid, name, body)
        select 'delete', old.id, old.name, old.body
        where not exists (select 1 from comments_to_index where comment_id = old.id);
    delete from comments_to_index where comment_id = old.id;
end;
