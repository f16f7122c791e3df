#include "cmd/completion.h"

#include <string.h>

#include "cmd/cmd.h"
#include "config/catalog.h"
#include "config/config_keys.h"
#include "sweep/sweep_options.h"

/* ---- what there is ------------------------------------------------------- */

/* Every command that has options of its own, those of two words too. */
static void each_command(FILE *out,
                         void (*print)(FILE *out, const struct command *c))
{
    for (idx i = 0; commands[i]; i++) {
        if (!commands[i]->parts)
            print(out, commands[i]);
        for (idx k = 0; commands[i]->parts && commands[i]->parts[k]; k++)
            print(out, commands[i]->parts[k]);
    }
}

/* Names of all commands, parts or kinds, with a blank between. */
static void print_names(FILE *out, const struct command *const *rows)
{
    for (idx i = 0; rows[i]; i++)
        fprintf(out, "%s%s", i ? " " : "", command_word(rows[i]));
}

static void print_topics(FILE *out)
{
    print_names(out, commands);
    for (idx i = 0; help_topics[i]; i++)
        fprintf(out, " %s", help_topics[i]);
}

static void print_kinds(FILE *out)
{
    const char *before = "";
    for (const struct catalog_kind *k = NULL; (k = catalog_next_name(k));) {
        fprintf(out, "%s%s", before, k->name);
        before = " ";
    }
}

/* [sweep] is a section of sweep files alone. */
static void print_keys(FILE *out)
{
    for (struct config_key k = { 0 }; config_next_key(&k);)
        fprintf(out, " %s.%s=", k.section->name, k.key->name);
    for (idx i = 0; i < n_sweep_keys; i++)
        fprintf(out, " sweep.%s=", sweep_keys[i].name);
}

static bool has_choices(const struct key *key)
{
    return key->type == KEY_BOOL || key->type == KEY_CHOICE;
}

static void print_choices(FILE *out, const struct key *key)
{
    if (key->type == KEY_BOOL)
        fputs("yes no", out);
    for (int i = 0; key->type == KEY_CHOICE && key->choice(i); i++)
        fprintf(out, "%s%s", i ? " " : "", key->choice(i));
}

/* A line of a shell's `case` for each key with values to choose from. */
static void print_cases(FILE *out, const char *before, const char *behind)
{
    for (struct config_key k = { 0 }; config_next_key(&k);) {
        if (!has_choices(k.key))
            continue;
        fprintf(out, "        %s.%s) %s", k.section->name, k.key->name, before);
        print_choices(out, k.key);
        fprintf(out, "%s ;;\n", behind);
    }
}

static bool takes_file(const struct command_option *o)
{
    return o->value &&
           (strcmp(o->value, "FILE") == 0 || strcmp(o->value, "DIR") == 0);
}

/* The help of an option, up to its first clause, within quotes of a shell. */
static void print_help(FILE *out, const char *help, const char *except)
{
    size_t n = strcspn(help, ";(\n");
    while (n > 0 && (help[n - 1] == ' ' || help[n - 1] == ','))
        n--;
    for (size_t i = 0; i < n; i++)
        if (!strchr(except, help[i]))
            fputc(help[i], out);
}

/* ---- bash ---------------------------------------------------------------- */

static void bash_command(FILE *out, const struct command *c)
{
    fprintf(out, "    '%s') options='", c->name);
    for (const struct command_option *o = c->options; o && o->name; o++)
        fprintf(out, "--%s ", o->name);
    fprintf(out, "--help' has_settings=%s ;;\n",
            c->takes_settings ? "yes" : "");
}

static void bash_option(FILE *out, const struct command *c)
{
    for (const struct command_option *o = c->options; o && o->name; o++) {
        if (o->type == OPTION_FLAG)
            continue;
        fprintf(out, "    '%s --%s'", c->name, o->name);
        if (o->letter)
            fprintf(out, "|'%s -%c'", c->name, o->letter);
        fprintf(out, ") value=%s ;;\n", takes_file(o) ? "file" : "other");
    }
}

void completion_bash(FILE *out)
{
    fputs("# bash completion of sinklab; `sinklab help bash` prints it\n"
          "_sinklab() {\n"
          "    local current=${COMP_WORDS[COMP_CWORD]} key= choices=\n"
          "    local before=${COMP_WORDS[COMP_CWORD-1]} name=${COMP_WORDS[1]}\n"
          "    local options= has_settings= value=\n"
          "    COMPREPLY=()\n"
          "    # section.key=value is one word to sinklab, three to bash\n"
          "    if [ \"$current\" = = ]; then\n"
          "        key=$before current=\n"
          "    elif [ \"$before\" = = ]; then\n"
          "        key=${COMP_WORDS[COMP_CWORD-2]}\n"
          "    fi\n"
          "    if [ \"$key\" ]; then\n"
          "        case $key in\n",
          out);
    print_cases(out, "choices='", "'");
    fputs("        *) COMPREPLY=($(compgen -f -- \"$current\")); return ;;\n"
          "        esac\n"
          "        COMPREPLY=($(compgen -W \"$choices\" -- \"$current\"))\n"
          "        return\n"
          "    fi\n"
          "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
          "        COMPREPLY=($(compgen -W '",
          out);
    print_names(out, commands);
    fputs(" --version --help' -- \"$current\"))\n        return\n    fi\n",
          out);
    for (idx i = 0; commands[i]; i++)
        if (commands[i]->parts) {
            fprintf(out,
                    "    if [ \"$name\" = %s ]; then\n"
                    "        if [ \"$COMP_CWORD\" -eq 2 ]; then\n"
                    "            COMPREPLY=($(compgen -W '",
                    commands[i]->name);
            print_names(out, commands[i]->parts);
            fputs("' -- \"$current\"))\n            return\n        fi\n"
                  "        name=\"$name ${COMP_WORDS[2]}\"\n    fi\n",
                  out);
        }
    fputs("    case \"$name $before\" in\n", out);
    each_command(out, bash_option);
    fputs("    esac\n    case $name in\n", out);
    each_command(out, bash_command);
    fputs("    esac\n"
          "    [ \"$value\" = other ] && return\n"
          "    if [ -z \"$value\" ]; then\n"
          "        case $name in\n"
          "        help) choices='",
          out);
    print_topics(out);
    fputs("' ;;\n        list) choices='", out);
    print_kinds(out);
    fputs("' ;;\n        esac\n"
          "        [ \"$has_settings\" ] && choices='",
          out);
    print_keys(out);
    fputs("'\n"
          "        case $current in\n"
          "        -*) COMPREPLY=($(compgen -W \"$options\" -- \"$current\")); "
          "return ;;\n"
          "        ?*) COMPREPLY=($(compgen -W \"$choices\" -- \"$current\")) "
          ";;\n"
          "        '') [ \"$has_settings\" ] ||\n"
          "            COMPREPLY=($(compgen -W \"$choices\" -- '')) ;;\n"
          "        esac\n"
          "        case ${COMPREPLY-} in *=) compopt -o nospace 2>/dev/null ;; "
          "esac\n"
          "    fi\n"
          "    COMPREPLY+=($(compgen -f -- \"$current\"))\n"
          "}\n"
          "complete -o filenames -F _sinklab sinklab\n",
          out);
}

/* ---- zsh ----------------------------------------------------------------- */

static void zsh_option(FILE *out, const struct command_option *o)
{
    fprintf(out, " \\\n        '");
    if (o->letter)
        fprintf(out, "(-%c --%s)'{-%c,--%s}'[", o->letter, o->name, o->letter,
                o->name);
    else
        fprintf(out, "--%s[", o->name);
    print_help(out, o->help, "'[]:\\");
    fputc(']', out);
    if (o->value)
        fprintf(out, ":%s:%s", o->value, takes_file(o) ? "_files" : " ");
    fputc('\'', out);
}

static void zsh_command(FILE *out, const struct command *c)
{
    fprintf(out, "    '%s') _arguments", c->name);
    for (const struct command_option *o = c->options; o && o->name; o++)
        zsh_option(out, o);
    if (c == &command_help || c == &command_list) {
        fputs(" \\\n        '*:topic:(", out);
        if (c == &command_list)
            print_kinds(out);
        else
            print_topics(out);
        fputs(")'", out);
    } else {
        fprintf(out, " \\\n        '*:word:%s'",
                c->takes_settings ? "_sinklab_words" : "_files");
    }
    fputs(" \\\n        '--help[how it is used]' ;;\n", out);
}

static void zsh_names(FILE *out, const char *list,
                      const struct command *const *rows)
{
    fprintf(out, "    %s=(\n", list);
    for (idx i = 0; rows[i]; i++) {
        fprintf(out, "        '%s:", command_word(rows[i]));
        print_help(out, rows[i]->summary, "':\\");
        fputs("'\n", out);
    }
    fputs("    )\n", out);
}

void completion_zsh(FILE *out)
{
    fputs("#compdef sinklab\n"
          "# zsh completion of sinklab; `sinklab help zsh` prints it\n"
          "_sinklab_words() {\n"
          "    local key=${PREFIX%%=*}\n"
          "    if compset -P 1 '*='; then\n"
          "        case $key in\n",
          out);
    print_cases(out, "compadd ", "");
    fputs("        *) _files ;;\n        esac\n        return\n    fi\n"
          "    _files\n    compadd -S '' --",
          out);
    print_keys(out);
    fputs("\n}\n\n_sinklab() {\n    local -a names parts\n    local name\n",
          out);
    zsh_names(out, "names", commands);
    fputs("    if (( CURRENT == 2 )); then\n        _describe command names\n"
          "        return\n    fi\n    name=$words[2]\n    shift words\n"
          "    (( CURRENT-- ))\n",
          out);
    for (idx i = 0; commands[i]; i++)
        if (commands[i]->parts) {
            fprintf(out, "    if [[ $name == %s ]]; then\n", commands[i]->name);
            zsh_names(out, "parts", commands[i]->parts);
            fputs("    if (( CURRENT == 2 )); then\n"
                  "        _describe part parts\n        return\n    fi\n"
                  "    name=\"$name $words[2]\"\n    shift words\n"
                  "    (( CURRENT-- ))\n    fi\n",
                  out);
        }
    fputs("    case $name in\n", out);
    each_command(out, zsh_command);
    fputs("    esac\n}\n\n_sinklab \"$@\"\n", out);
}

/* ---- fish ---------------------------------------------------------------- */

/* The condition that this command was typed. */
static void fish_when(FILE *out, const struct command *c)
{
    const char *blank = strchr(c->name, ' ');
    if (blank)
        fprintf(out,
                "complete -c sinklab -n '__fish_seen_subcommand_from %.*s; and "
                "__fish_seen_subcommand_from %s'",
                (int)(blank - c->name), c->name, blank + 1);
    else
        fprintf(out, "complete -c sinklab -n '__fish_seen_subcommand_from %s'",
                c->name);
}

static void fish_command(FILE *out, const struct command *c)
{
    for (const struct command_option *o = c->options; o && o->name; o++) {
        fish_when(out, c);
        fprintf(out, " -l %s", o->name);
        if (o->letter)
            fprintf(out, " -s %c", o->letter);
        if (o->value)
            fputs(takes_file(o) ? " -r -F" : " -x", out);
        fputs(" -d '", out);
        print_help(out, o->help, "'\\");
        fputs("'\n", out);
    }
    if (c->takes_settings) {
        fish_when(out, c);
        fputs(" -a '(__sinklab_settings)'\n", out);
    }
}

static void fish_names(FILE *out, const char *when,
                       const struct command *const *rows)
{
    for (idx i = 0; rows[i]; i++) {
        fprintf(out, "complete -c sinklab -n '%s' -a %s -d '", when,
                command_word(rows[i]));
        print_help(out, rows[i]->summary, "'\\");
        fputs("'\n", out);
    }
}

void completion_fish(FILE *out)
{
    fputs("# fish completion of sinklab; `sinklab help fish` prints it\n"
          "function __sinklab_settings\n",
          out);
    for (struct config_key k = { 0 }; config_next_key(&k);)
        if (has_choices(k.key)) {
            fprintf(out, "    printf '%s.%s=%%s\\n' ", k.section->name,
                    k.key->name);
            print_choices(out, k.key);
            fputc('\n', out);
        } else {
            fprintf(out, "    echo %s.%s=\n", k.section->name, k.key->name);
        }
    for (idx i = 0; i < n_sweep_keys; i++)
        fprintf(out, "    echo sweep.%s=\n", sweep_keys[i].name);
    fputs("end\n", out);
    fish_names(out, "__fish_use_subcommand", commands);
    for (idx i = 0; commands[i]; i++)
        if (commands[i]->parts) {
            char when[256];
            snprintf(when, sizeof when,
                     "__fish_seen_subcommand_from %s; and test (count "
                     "(commandline -opc)) -eq 2",
                     commands[i]->name);
            fish_names(out, when, commands[i]->parts);
        }
    each_command(out, fish_command);
    fputs("complete -c sinklab -n '__fish_seen_subcommand_from help' -f -a '",
          out);
    print_topics(out);
    fputs("'\n"
          "complete -c sinklab -n '__fish_seen_subcommand_from list' -f -a '",
          out);
    print_kinds(out);
    fputs("'\n", out);
}
