-- imagine_rings: what would ring now of stays that are not stored, by the very SELECT of the sweep. Reads only; for dry runs.
-- `pathways_rung` and `pathways_stage` stand for the stored ones and those of a definition that is not stored, whose ids are below zero.
-- Parameters: now, rungs, stages and stays (JSON arrays of objects with the columns below).
WITH pathways_rung AS (
    SELECT id, stage_id, n, audience, catch_up, expires_after, every FROM pathways_rung
    UNION ALL
    SELECT * FROM jsonb_to_recordset(%(rungs)s::jsonb) AS g
        (id bigint, stage_id bigint, n smallint, audience text, catch_up text, expires_after interval, every interval)
),
pathways_stage AS (
    SELECT id, awaits FROM pathways_stage UNION ALL SELECT * FROM jsonb_to_recordset(%(stages)s::jsonb) AS g (id bigint, awaits jsonb)
),
due AS (
    SELECT * FROM jsonb_to_recordset(%(stays)s::jsonb) AS s
        (id bigint, stage_id bigint, rung_at timestamptz[], rang_through timestamptz, round smallint, attention_at timestamptz,
         journey_id bigint, feed_id bigint)
    WHERE s.attention_at <= %(now)s
),
-- include pathways.sql ringing
answer AS (
    SELECT stay_id, rung_id, audience, also_for, due_at, rang_at, mode, to_confirm, acts FROM ringing
)
SELECT to_jsonb(answer) FROM answer ORDER BY stay_id, due_at, rung_id
