-- One value = what an event's properties hold under a name, as text; null where that is no text, number, true or false.
-- In:     `properties` of an event: a JSON object, or what is none
-- Parts:  serving/query/properties.py
-- Owner:  analytics
element_at(
    transform(
        ARRAY[${value}],
        value -> CASE
            WHEN NOT ${is_number} THEN try(CAST(value AS varchar))
            -- 10, 10.0 and 1e1 are one number and one text: at most nine places, none too many.
            WHEN try(
                CAST(CAST(value AS decimal(38, 9)) AS decimal(38, 18))
                    = CAST(value AS decimal(38, 18))
            )
                THEN trim(
                    TRAILING '.' FROM
                    trim(TRAILING '0' FROM CAST(CAST(value AS decimal(38, 9)) AS varchar))
                )
            ELSE json_format(value)
        END
    ),
    1
)
