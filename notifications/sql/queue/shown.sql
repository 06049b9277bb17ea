-- shown: what is asked of a site and was not ended a moment ago; `w` is the item, `s` a row of `held`. The line `filters` stands for that file where
-- any is set: a plan that is kept for all values could not know that a filter is blank.
w.site_id = s.site AND NOT w.shadow AND w.intended_until IS NULL
-- filters
