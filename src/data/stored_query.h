/* stored_query.h - what is asked for when stored tokens are opened. */
#ifndef SINKLAB_STORED_QUERY_H
#define SINKLAB_STORED_QUERY_H

#include <limits.h>
#include <stdio.h>

#include "base/base.h"

struct stored_format;

/* Of a prepared folder; others have no parts. */
enum stored_part { STORED_TRAIN, STORED_VAL };

struct stored_query {
    const char *key;  /* what messages call the path: "data.path" */
    const char *path; /* a file, a folder, or a pattern of files */
    /* &stored_text, or a row of stored_formats */
    const struct stored_format *format;
    idx token_bytes; /* where files do not say it: 2 or 4; 0: not given */
    enum stored_part part;
    bool is_anew; /* hash the tokens, whatever is known of them */
};

/* What messages call a file: "data.path FILE". */
enum { STORED_PLACE_MAX = PATH_MAX + 64 };
static inline const char *stored_place(char place[STORED_PLACE_MAX],
                                       const struct stored_query *q,
                                       const char *path)
{
    snprintf(place, STORED_PLACE_MAX, "%s %s", q->key, path);
    return place;
}

#endif
