-- From version 1 to 2: what is counted of posts and tags is kept beside them. All is counted once here, before there are
-- triggers that would count it again.

alter table tags add column post_count integer not null default 0;
alter table post_tags add column listed_at integer;

update post_tags set listed_at = published_at
    from posts where posts.id = post_id and kind = 'post' and status = 'published';

drop index post_tags_by_tag;
create index post_tags_by_tag on post_tags (tag_id, listed_at desc, post_id desc);

update tags set post_count =
    (select count(*) from post_tags where tag_id = tags.id and listed_at is not null);

drop index posts_by_time;
create index posts_by_time on posts (kind, status, published_at desc, id desc, pinned);

create table post_counts (
    width   integer not null check (width in (26, 32)), -- a stretch has 2^26 ms, most of a day, or 2^32, seven weeks
    stretch integer not null,                      -- published_at >> width
    posts   integer not null,
    words   integer not null,
    primary key (width, stretch)
) strict, without rowid;

insert into post_counts
    select 26, published_at >> 26, count(*), sum(words) from posts where kind = 'post' and status = 'published' group by 2;
insert into post_counts
    select 32, stretch >> 6, sum(posts), sum(words) from post_counts where width = 26 group by 2;

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

-- Early files of version 1 had other triggers for the search of comments, the first of them no table of what waits for it.
create table if not exists comments_to_index (
    comment_id integer primary key
) strict;

drop trigger if exists comment_added;
drop trigger comment_changed;
drop trigger comment_removed;

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
