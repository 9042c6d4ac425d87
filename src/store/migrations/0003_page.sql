-- The page that an entry links to, for feeds with `full_text`: a queue, and what became of it. `due` is when it
-- is fetched, or until when whoever fetches it has it to itself; the last two columns are those of the poll.

create table page (
    entry integer primary key not null references entry (seq) on delete cascade,
    feed text not null,
    url text not null,
    host text not null,
    state text not null check (state in ('due', 'fetching', 'read', 'failed', 'skipped')),
    due integer,
    attempts integer not null default 0,
    rounds integer not null default 1,
    last_attempt integer,
    last_error text,
    backlog_before integer not null,
    undated_is_backlog integer not null
) strict;
create index page_due on page (due) where state in ('due', 'fetching');
create index page_feed on page (feed, state);
