#include "train/train_target.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/shell.h"
#include "base/text.h"
#include "config/config_when.h"
#include "data/paths.h"
#include "io/ini.h"
#include "io/sealed_text.h"
#include "run/run_paths.h"
#include "run/run_place.h"

static const char TARGET[] = "a run folder to go on with, or a config file";

/* The config of the run in t->dir, as it lies there. */
static int load_run_config(struct train_target *t, struct config *c,
                           struct err *e)
{
    char path[RUN_PATH_MAX], word[2 * RUN_DIR_MAX];
    bool is_there;
    run_path(path, t->dir, RUN_CONFIG);
    if (fsys_exists(&is_there, path, e))
        return e->code;
    if (is_there)
        return train_config_check(t->dir, e) ? e->code
                                             : run_config_load(c, t->dir, e);
    run_resume_path(path, t->dir);
    if (fsys_exists(&is_there, path, e))
        return e->code;
    shell_word(word, sizeof word, t->dir);
    if (is_there)
        return err_set(e, ERR_CONFIG,
                       "%s/config.ini is missing: `sinklab train CONFIG.ini "
                       "--resume run.dir=%s` writes it anew and goes on",
                       t->dir, word);
    return err_set(e, ERR_USAGE,
                   "%s was never started: give its config file instead, "
                   "`sinklab train CONFIG.ini run.dir=...`",
                   t->dir);
}

bool train_same_run(const struct config *a, const struct config *b)
{
    struct config other = *b;
    char id[CONFIG_ID_MAX], other_id[CONFIG_ID_MAX];
    other.train.steps = a->train.steps; /* may grow */
    struct config one = *a;
    config_drop_idle(&one); /* before paths, on which it depends, are gone */
    config_drop_idle(&other);
    data_forget_paths(&one.data); /* the corpus may move: its hash */
    data_forget_paths(&other.data);
    key_copy_text(other.data.hash,
                  a->data.hash); /* is checked when it is read */
    config_id(id, &one);
    config_id(other_id, &other);
    return strcmp(id, other_id) == 0;
}

/* The settings that a checkpoint was computed with: of the newest state, or
 * else of the first weights. NULL: none that can be read says so. */
static char *find_sealed(const char *dir, struct err *e)
{
    struct step_list list = { 0 };
    struct checkpoint_head head = { 0 };
    char path[RUN_PATH_MAX];
    run_list_checkpoints(&list, dir, e);
    for (idx i = -1; i < list.n && !head.config && !e->code; i++) {
        struct err own = { 0 };
        if (i < 0)
            run_resume_path(path, dir);
        else
            run_step_path(path, dir, list.steps[i]);
        if (access(path, F_OK) == 0 &&
            checkpoint_read_head(&head, path, &own) == ERR_MEMORY)
            err_pass(e, &own);
    }
    step_list_release(&list);
    return head.config;
}

/* Do lines without a seal describe the run that is there? */
static int check_unsealed(const char *text, const char *path, const char *dir,
                          struct err *e)
{
    struct config c[2]; /* as it says, and as a checkpoint */
    size_t n = strlen(text);
    bool is_cut = n == 0 || text[n - 1] != '\n';
    char *sealed = is_cut ? NULL : find_sealed(dir, e);
    if (sealed && config_load_text(&c[0], text, path, ERR_IGNORED) == OK &&
        config_load_text(&c[1], sealed, path, ERR_IGNORED) == OK)
        is_cut = !train_same_run(&c[0], &c[1]);
    free(sealed);
    return !e->code && is_cut
               ? err_set(e, ERR_CONFIG,
                         "%s: was cut off or changed after sinklab wrote it "
                         "(its last line, the seal, is missing); %s",
                         path, RUN_CONFIG_REMEDY)
               : e->code;
}

int train_config_check(const char *dir, struct err *e)
{
    char path[RUN_PATH_MAX], *text = NULL;
    size_t n;
    bool is_there, is_sealed = false;
    run_path(path, dir, RUN_CONFIG);
    if (fsys_exists(&is_there, path, e) || !is_there ||
        sealed_text_read(&text, &n, &is_sealed, path, INI_FILE_MAX, ERR_CONFIG,
                         RUN_CONFIG_REMEDY, e))
        return e->code;
    if (!is_sealed)
        check_unsealed(text, path, dir, e);
    free(text);
    return e->code;
}

int train_check_length(const struct config *c, idx planned, const char *dir,
                       struct err *e)
{
    if (c->train.steps >= planned)
        return OK;
    return err_set(e, ERR_CONFIG,
                   "train.steps = %td, but the run in %s was planned for "
                   "%td: it may be made longer, not shorter",
                   c->train.steps, dir, planned);
}

/* What metrics.csv has columns for, or was measured on, stays: its rows are one
 * series. */
static int check_measured(const struct train_target *t,
                          const struct config *kept, const char *place,
                          struct err *e)
{
    char old[KEY_PRINT_MAX], new[KEY_PRINT_MAX], word[2 * RUN_DIR_MAX];
    for (struct config_key k = { 0 }; config_next_key(&k);) {
        config_value(old, sizeof old, kept, k);
        config_value(new, sizeof new, &t->config, k);
        if ((strcmp(k.section->name, "sink") &&
             strcmp(k.section->name, "metrics")) ||
            !(k.key->flags & KEY_STAYS) || !strcmp(old, new))
            continue;
        shell_word(word, sizeof word, t->dir);
        return err_set(e, ERR_CONFIG,
                       "%s: %s.%s: metrics.csv of %s was begun with %.80s, "
                       "and goes on with it; `sinklab analyze %s %s.%s=%.80s`"
                       " measures with another",
                       place, k.section->name, k.key->name, t->dir,
                       *old ? old : "none", word, k.section->name, k.key->name,
                       new);
    }
    return OK;
}

/* With --resume: the config file must describe the run that is there. */
static int check_same_run(struct train_target *t, struct err *e)
{
    struct config kept;
    struct err own = { 0 };
    char word[2 * RUN_DIR_MAX];
    int rc = load_run_config(t, &kept, &own);
    if (rc == ERR_CONFIG) { /* the saved state decides, and it comes anew */
        t->has_lost_config = true;
        return OK;
    }
    if (rc != OK)
        return err_pass(e, &own);
    shell_word(word, sizeof word, t->dir);
    if (!train_same_run(&t->config, &kept))
        return err_set(e, ERR_CONFIG,
                       "%s holds a run with other settings than %s (compare "
                       "its config.ini): give another run.dir, or go on with "
                       "that run by `sinklab train %s`",
                       t->dir, t->path, word);
    if (!t->config.data.hash[0])
        key_copy_text(t->config.data.hash, kept.data.hash);
    if (!t->config.sink.hash[0])
        key_copy_text(t->config.sink.hash, kept.sink.hash);
    if (check_measured(t, &kept, t->path, e))
        return e->code;
    t->kept_steps = kept.train.steps;
    return OK;
}

static int resolve_folder(struct train_target *t, struct err *e)
{
    if (strlen(t->path) >= sizeof t->dir)
        return err_set(e, ERR_CONFIG, "%s: path too long", t->path);
    strcpy(t->dir, t->path);
    bool is_run;
    if (run_holds_run(&is_run, t->dir, e))
        return e->code;
    if (!is_run)
        return run_none(t->dir, TARGET, e);
    t->is_resumed = true;
    if (load_run_config(t, &t->config, e))
        return e->code;
    t->kept_steps = t->config.train.steps;
    struct config kept = t->config;
    if (config_override(&t->config, NULL, t->overrides, t->n_overrides,
                        KEY_RESUME, &t->changes, e))
        return e->code;
    if (check_measured(t, &kept, "command line", e))
        return e->code;
    if (t->config.run.dir[0])
        return err_set(e, ERR_CONFIG,
                       "run.dir cannot move the run in %s: move the folder "
                       "itself, then go on with it",
                       t->dir);
    return run_data_path(&t->config, t->dir, e);
}

/* run.dir, which no command that we recommend shall take for an option. */
static int set_dir(struct train_target *t, struct err *e)
{
    const char *given = t->config.run.dir;
    if (!*given)
        return run_dir_default(t->dir, t->path, e);
    int n = snprintf(t->dir, sizeof t->dir, "%s%s", *given == '-' ? "./" : "",
                     given);
    if (n >= (int)sizeof t->dir)
        return err_set(e, ERR_CONFIG, "run.dir: got %d bytes, want at most %d",
                       n, RUN_DIR_MAX - 1);
    return OK;
}

/* Is it the name of a config, rather than that of a folder? */
static bool is_config_name(const char *path)
{
    return strcmp(path, ".ini") != 0 && text_ends_in(path, ".ini");
}

/* Could this be a line of a config, or is it of no text? */
static bool is_config_line(const char *line)
{
    size_t word = strcspn(line, " \t:=");
    word += strspn(line + word, " \t");
    for (const char *c = line; *c; c++)
        if ((unsigned char)*c < ' ' && !strchr("\t\r\n", *c))
            return true; /* bytes: told by who reads it */
    return line[0] == '[' || strchr(line, '=') || line[word] == ':';
}

/* Is a file that does not bear a config's name a text, by its first line that
 * says anything? What cannot be read is told by who reads all of it. */
static int check_is_config(const char *path, struct err *e)
{
    enum { LINE_BYTES = 4096 };
    char line[LINE_BYTES], word[RUN_PATH_MAX * 4], shown[TEXT_SHOW_MAX];
    const char *start = "";
    idx number = 0;
    struct stat st;
    bool is_looked_at =
        !is_config_name(path) && stat(path, &st) == 0 && S_ISREG(st.st_mode);
    FILE *f = is_looked_at ? fopen(path, "r") : NULL;
    while (f && !*start && fgets(line, sizeof line, f)) {
        number++;
        start = line + (strncmp(line, "\xef\xbb\xbf", 3) == 0 ? 3 : 0);
        start += strspn(start, " \t\r\n");
        if (*start == ';' || *start == '#')
            start = "";
    }
    if (f)
        fclose(f);
    if (!*start || is_config_line(start))
        return OK;
    line[strcspn(line, "\r\n")] = '\0';
    shell_word(word, sizeof word, path);
    return err_set(e, ERR_CONFIG,
                   "%s:%td: got '%s', want [section] or key = value; on a text "
                   "`sinklab train configs/text.ini data.path=%s` trains",
                   path, number, text_show(shown, start), word);
}

static int resolve_config(struct train_target *t, bool is_dry, struct err *e)
{
    char path[RUN_PATH_MAX];
    if (t->wants_restart)
        return err_set(e, ERR_USAGE,
                       "train: --restart wants the folder of a run, got %s",
                       t->path);
    if (check_is_config(t->path, e))
        return e->code;
    if (config_load(&t->config, t->path, t->overrides, t->n_overrides,
                    &t->origins, e))
        return e->code;
    if (set_dir(t, e))
        return e->code;
    if (run_data_path(&t->config, t->dir, e) ||
        run_place_check(t->dir, "run.dir", e))
        return e->code;
    /* A run folder may be moved, so its config does not say where it is */
    t->config.run.dir[0] = '\0';
    run_path(path, t->dir, RUN_CONFIG);
    bool is_run, has_config, has_state;
    if (!t->wants_resume || is_dry)
        return OK;
    if (run_holds_run(&is_run, t->dir, e) || fsys_exists(&has_config, path, e))
        return e->code;
    run_resume_path(path, t->dir);
    if (fsys_exists(&has_state, path, e))
        return e->code;
    t->is_resumed = is_run && (has_config || has_state);
    return t->is_resumed ? check_same_run(t, e) : OK;
}

int train_target_resolve(struct train_target *t, bool is_dry, struct err *e)
{
    bool is_folder, is_there;
    if (fsys_is_folder(&is_folder, t->path, e) ||
        fsys_exists(&is_there, t->path, e))
        return e->code;
    if (!is_there && !is_config_name(t->path))
        return run_none(t->path, TARGET, e);
    int rc = is_folder ? resolve_folder(t, e) : resolve_config(t, is_dry, e);
    return rc == OK && t->is_resumed
               ? train_check_length(&t->config, t->kept_steps, t->dir, e)
               : rc;
}
