/* help.c - `sinklab help [COMMAND | config | attention]`. */
#include <stdio.h>
#include <string.h>

#include "cmd/cmd.h"
#include "config/attention_document.h"
#include "config/config.h"

int cmd_help(int argc, char **argv, struct err *e)
{
    if (argc < 2) {
        printf("sinklab pre-trains small language models and shows how "
               "attention sinks emerge.\n\nusage: sinklab COMMAND ...\n\n");
        for (const struct command *c = commands; c->name; c++)
            printf("  %-8s %s\n", c->name, c->summary);
        printf("\nsinklab --version: which program this is. A first run: "
               "sinklab train configs/quick.ini\n");
        return OK;
    }
    if (strcmp(argv[1], "config") == 0) {
        config_document(stdout);
        return OK;
    }
    if (strcmp(argv[1], "attention") == 0) {
        attention_document(stdout);
        return OK;
    }
    for (const struct command *c = commands; c->name; c++) {
        if (strcmp(c->name, argv[1]) == 0 && c->run != cmd_help) {
            char name[16], flag[] = "--help";
            snprintf(name, sizeof name, "%s", c->name);
            return c->run(2, (char *[]){ name, flag, NULL }, e);
        }
    }
    return err_set(e, ERR_USAGE,
                   "no help on '%s': `sinklab help` lists the commands, "
                   "`sinklab help config` the keys, `sinklab help attention` "
                   "what attention can be made of",
                   argv[1]);
}
