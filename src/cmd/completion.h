/* completion.h - what a shell offers at the TAB key, made from the rows of the
 * commands and the tables of keys. */
#ifndef SINKLAB_COMPLETION_H
#define SINKLAB_COMPLETION_H

#include <stdio.h>

void completion_bash(FILE *out);
void completion_zsh(FILE *out);
void completion_fish(FILE *out);

#endif
