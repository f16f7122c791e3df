#include "cmd/config_word.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "run/run.h"

int word_is_config(bool *is_it, const char *word, struct err *e)
{
    size_t n = strlen(word);
    *is_it = n > 4 && strcmp(word + n - 4, ".ini") == 0;
    return *is_it ? OK : run_holds_run(is_it, word, e);
}

static int read_run(struct config *c, struct config_source **origins,
                    const struct words *words, struct err *e)
{
    bool is_run;
    if (run_holds_run(&is_run, words->at[0], e))
        return e->code;
    if (!is_run)
        return run_none(words->at[0],
                        "a config file, or a folder that `sinklab train` wrote",
                        e);
    if (run_config_load(c, words->at[0], e))
        return e->code;
    return config_override(c, NULL, words->settings, words->n_settings, 0,
                           origins, e);
}

int config_of_word(struct config *c, const struct words *words, struct err *e)
{
    struct config_source *origins = NULL;
    bool is_folder;
    int rc = fsys_is_folder(&is_folder, words->at[0], e);
    if (rc == OK && is_folder)
        rc = read_run(c, &origins, words, e);
    else if (rc == OK)
        rc = config_load(c, words->at[0], words->settings, words->n_settings,
                         &origins, e);
    if (rc == OK)
        text_print_lines(stderr, "note: ", config_notes(origins));
    config_source_free(origins);
    return rc;
}
