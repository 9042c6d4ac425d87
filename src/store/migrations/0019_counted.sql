-- How many alerts of a rule are about entries, and how many of them are marked how: counted without reading one.
create index alert_counted on alert (rule, mark) where entry is not null;

-- The entries of a feed in the order in which they came, for searches within it.
create index entry_of_feed on entry (feed);
