-- An expression: what a visitor's events reach of a funnel whose steps come in any order.
-- In:     happened (one visitor's events in order)
-- Parts:  serving/query/funnel.py
-- Owner:  analytics
-- A try is a set of steps done by different events, as bits, and the place of its first event. One that has all steps of
-- another and began no earlier gets as far as that: only such tries are held, at most a few at once.
reduce(
    sequence(1, cardinality(happened)),
    CAST(
        ROW(ARRAY[], repeat(ROW(NULL, NULL), ${count})) AS row(
            held array(row(steps bigint, started bigint)),
            reached array(row(took bigint, started bigint))
        )
    ),
    (state, place) -> transform(
        ARRAY[
            filter(
                state.held,
                one -> happened[place].at - happened[one.started].at <= ${window_ms}
            )
        ],
        held -> transform(
            -- Every try that this event takes a step further, and those that it begins.
            ARRAY[
                flatten(
                    transform(
                        happened[place].steps,
                        number -> transform(
                            filter(
                                if(
                                    happened[place].begins,
                                    concat(
                                        held,
                                        ARRAY[CAST(ROW(0, place) AS row(steps bigint, started bigint))]
                                    ),
                                    held
                                ),
                                one -> bitwise_and(one.steps, bitwise_left_shift(BIGINT '1', CAST(number AS integer))) = 0
                            ),
                            one -> CAST(
                                ROW(
                                    bitwise_or(one.steps, bitwise_left_shift(BIGINT '1', CAST(number AS integer))),
                                    one.started
                                ) AS row(steps bigint, started bigint)
                            )
                        )
                    )
                )
            ],
            moved -> CAST(
                ROW(
                    transform(
                        ARRAY[
                            array_distinct(
                                if(cardinality(happened[place].ended) > 0, moved, concat(held, moved))
                            )
                        ],
                        every -> filter(
                            every,
                            one -> none_match(
                                every,
                                other -> other <> one
                                    AND other.started >= one.started
                                    AND bitwise_and(other.steps, one.steps) = one.steps
                            )
                        )
                    )[1],
                    transform(
                        sequence(1, ${count}),
                        number -> transform(
                            -- The try with all that this step needs that began last.
                            ARRAY[
                                array_max(
                                    transform(
                                        filter(
                                            moved,
                                            one -> bitwise_and(one.steps, ${needs}[number]) = ${needs}[number]
                                        ),
                                        one -> one.started
                                    )
                                )
                            ],
                            best -> CAST(
                                ROW(
                                    coalesce(
                                        state.reached[number].took,
                                        happened[place].at - happened[best].at
                                    ),
                                    coalesce(state.reached[number].started, best)
                                ) AS row(took bigint, started bigint)
                            )
                        )[1]
                    )
                ) AS row(
                    held array(row(steps bigint, started bigint)),
                    reached array(row(took bigint, started bigint))
                )
            )
        )[1]
    )[1],
    state -> transform(
        state.reached,
        step -> CAST(ROW(step.took, happened[step.started].value) AS row(took bigint, value varchar))
    )
)
