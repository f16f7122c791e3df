/* attention_document.h - docs/ATTENTION.md, from the tables of operations. */
#ifndef SINKLAB_ATTENTION_DOCUMENT_H
#define SINKLAB_ATTENTION_DOCUMENT_H

#include <stdio.h>

void attention_document(FILE *out);

#endif
