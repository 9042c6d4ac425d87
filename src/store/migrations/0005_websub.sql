-- Hubs that push (WebSub). A feed has a row once it named a hub: `push` is JSON, what polling needs of it; the
-- rest is the subscription. Hubs are given callbacks: their tokens and secrets are kept for as long as a hub has
-- them, since a push can be judged by nothing else.

create table websub (
    feed text primary key not null references feed (id),
    push text not null,
    state text not null,
    target text,
    moved text,
    due integer,
    retry integer,
    failures integer not null,
    error text,
    last_push integer,
    pushes integer not null,
    ignored integer not null
) strict;
create index websub_due on websub (due) where due is not null;

create table websub_callback (
    token text primary key not null,
    feed text not null references websub (feed),
    url text not null,
    hub text not null,
    topic text not null,
    secret text,
    stage text not null,
    asked integer not null,
    renew integer,
    until integer,
    goodbyes integer not null
) strict, without rowid;
create index websub_callback_feed on websub_callback (feed);
