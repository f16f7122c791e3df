/* data_info.c - `sinklab data info`: its command line. */
#include "report/corpus_info.h"
#include "base/text.h"
#include "report/corpus_json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/cmd.h"
#include "cmd/config_word.h"
#include "config/setting.h"
#include "data/prepared.h"
#include "data/stored_files.h"

/* Does a path lead to tokens rather than text? Their files are called NAME.bin.
 */
static bool leads_to_tokens(const char *path)
{
    const struct stored_query q = { .key = "data.path", .path = path };
    struct stored_files files = { 0 };
    struct prepared p;
    if (prepared_read(&p, &q, ERR_IGNORED) != OK || p.is_one)
        return true; /* or a manifest that is damaged, which is told then */
    stored_files_of_tokens(&files, &q, ERR_IGNORED);
    bool is_it = files.n > 0 && text_ends_in(files.paths[0], ".bin");
    stored_files_release(&files);
    return is_it;
}

/* A path is no config: what is not of the data does nothing. */
static int check_settings(const struct words *words, struct err *e)
{
    for (idx i = 0; i < words->n_settings; i++) {
        struct config_key k = setting_key(words->settings[i]);
        if (k.key && (strcmp(k.section->name, "data") != 0 ||
                      strcmp(k.key->name, "path") == 0))
            return err_set(e, ERR_USAGE,
                           "data info: %s does nothing with the path %s: give "
                           "other keys of [data], or a config file",
                           words->settings[i], words->at[0]);
    }
    return OK;
}

/* What a config would say of the corpus at a path: the settings of the command
 * line come last. */
static int info_of_path(const struct words *words, bool is_json, struct err *e)
{
    enum { OWN = 2 };
    struct config c;
    char path[sizeof "data.path=" + KEY_TEXT_MAX];
    idx n = words->n_settings + OWN;
    if (check_settings(words, e))
        return e->code;
    const char **settings = calloc((size_t)n, sizeof *settings);
    if (!settings)
        return err_memory(e, NULL);
    int length = snprintf(path, sizeof path, "data.path=%s", words->at[0]);
    settings[0] = leads_to_tokens(words->at[0]) ? "data.source=tokens"
                                                : "data.source=text";
    settings[1] = path;
    if (words->n_settings) /* NULL if there are none */
        memcpy(settings + OWN, words->settings,
               (size_t)words->n_settings * sizeof *settings);
    if (length >= (int)sizeof path)
        err_set(e, ERR_USAGE, "data info: the path is too long");
    else if (config_load(&c, NULL, settings, n, NULL, e) == OK)
        (is_json ? corpus_json_print : corpus_info_print)(stdout, &c.data, e);
    free(settings);
    return e->code;
}

struct info_options {
    bool is_json;
};

static const struct command_option options[] = {
    { .name = "json",
      .offset = offsetof(struct info_options, is_json),
      .help = "for programs, on one line" },
    { .name = NULL },
};

static int run(int argc, char **argv, struct err *e)
{
    struct info_options o = { .is_json = false };
    struct config c;
    struct words words;
    bool is_config;
    if (!command_parse(&command_data_info, &o, &words, argc, argv, e) &&
        !word_is_config(&is_config, words.at[0], e)) {
        if (!is_config)
            info_of_path(&words, o.is_json, e);
        else if (config_of_word(&c, &words, e) == OK && o.is_json)
            corpus_json_print_config(stdout, &c, e);
        else if (!e->code)
            corpus_info_print_config(stdout, &c, e);
    }
    words_release(&words);
    return e->code;
}

const struct command command_data_info = {
    .name = "data info",
    .summary = "describe a corpus, and what a config makes of it",
    .synopsis = "CONFIG.ini|RUN|PATH [section.key=value ...] [--json]",
    .about =
        "Of a config, or of a run by its folder: files, format, tokens, "
        "documents, bytes of text a token, hash and where it is kept, "
        "vocabulary; how many samples an epoch has, what a run reads and how "
        "many epochs that is, what is held out.\n\n"
        "Of a PATH to a text or to token files, as data.path takes it: what is "
        "there. Files NAME.bin are taken for tokens, others for text; "
        "data.source, data.format and data.token_bytes say otherwise.",
    .options = options,
    .words_max = 1,
    .takes_settings = true,
    .missing = "which corpus? Try `sinklab data info configs/text.ini`",
    .run = run,
};
