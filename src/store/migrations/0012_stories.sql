-- Copies find each other by hashes of what they say. Only entries that a rule matches, or whose title names an entity,
-- are found so, and of these only the ones that others may join a story through; they go when no story takes more.

create table story_sketch (
    entry integer primary key not null references entry (seq) on delete cascade,
    at integer not null,
    own_start integer not null,
    own_end integer not null,
    names text not null,
    terms blob not null
) strict;
create index story_sketch_at on story_sketch (at);
create table story_term (
    term integer not null,
    entry integer not null,
    primary key (term, entry)
) strict, without rowid;

-- Stories of the same people or things that are not the same news.
create table story_link (
    story integer not null references story (seq) on delete cascade,
    other integer not null references story (seq) on delete cascade,
    score real not null,
    why text not null,
    at integer not null,
    primary key (story, other)
) strict, without rowid;
create index story_link_other on story_link (other);

-- What people changed. Stories and entries are kept here by number and id: the record outlives them.
create table story_edit (
    seq integer primary key autoincrement,
    at integer not null,
    who text not null,
    what text not null check (what in ('merge', 'split')),
    story integer not null,
    other integer not null,
    entry text
) strict;
create index story_edit_story on story_edit (story);
create index story_edit_other on story_edit (other);
