-- An expression: what a visitor's events reach of a funnel whose steps follow each other.
-- In:     happened (one visitor's events in order)
-- Parts:  serving/query/funnel.py
-- Owner:  analytics
-- Of each step the try is held that came so far and began last: no other gets further. `started` is the place of its
-- first event, `done_at` when it came to this step. `took` and `began` stay as they were when the step was first reached.
transform(
    reduce(
        sequence(1, cardinality(happened)),
        repeat(
            CAST(
                ROW(NULL, NULL, NULL, NULL) AS row(
                    started bigint, done_at bigint, took bigint, began bigint
                )
            ),
            ${count}
        ),
        (held, place) -> transform(
            sequence(1, ${count}),
            number -> transform(
                -- The best try that this event brings to this step, if there is one.
                ARRAY[
                    CASE
                        WHEN NOT contains(happened[place].steps, number) THEN NULL
                        WHEN number > 1 THEN reduce(
                            -- Those at the required step before it, and at optional ones in between.
                            slice(held, ${befores}[number], number - ${befores}[number]),
                            CAST(ROW(NULL, NULL) AS row(started bigint, since bigint)),
                            (best, other) -> CASE
                                WHEN other.started IS NULL OR other.started < best.started THEN best
                                WHEN happened[place].at - happened[other.started].at > ${window_ms}
                                    THEN best
                                ELSE CAST(
                                    ROW(other.started, other.done_at) AS row(started bigint, since bigint)
                                )
                            END,
                            best -> best
                        )
                        WHEN happened[place].begins
                            THEN CAST(
                                ROW(place, happened[place].at) AS row(started bigint, since bigint)
                            )
                    END
                ],
                best -> transform(
                    -- What was held goes on unless this event ends it or something better comes.
                    ARRAY[
                        if(
                            ${is_strict} OR contains(happened[place].ended, number),
                            NULL,
                            held[number].started
                        )
                    ],
                    kept -> CAST(
                        ROW(
                            if(best.started > coalesce(kept, 0), best.started, kept),
                            if(
                                best.started > coalesce(kept, 0),
                                happened[place].at,
                                if(kept IS NOT NULL, held[number].done_at)
                            ),
                            coalesce(held[number].took, happened[place].at - best.since),
                            coalesce(held[number].began, best.started)
                        ) AS row(started bigint, done_at bigint, took bigint, began bigint)
                    )
                )[1]
            )[1]
        ),
        held -> held
    ),
    step -> CAST(ROW(step.took, happened[step.began].value) AS row(took bigint, value varchar))
)
