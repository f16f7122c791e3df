# sinklab - make, make demo, make test, make check; `make help` lists the rest.
#
#   MARCH=x86-64-v3   build for another processor (default: this machine's)
#   CC=clang          another compiler
#   ONEDNN=0          without oneDNN (default: with it where its header is)
#   MPI=1             with MPI: one run on many processes (docs/SCALING.md)
#   V=1               show the commands
#   B=build/NAME      where objects go; REAL=double and SANITIZE=1 are variants
#   TESTS=tests/test_rng.c SYSTEM=   with make test: only these, all of them
#   FORM=long         with make test, unit, asan: what is in their short form left out, too
#   SET='data.path=novels'   with make experiment: settings of its sweeps

VERSION  := 0.1.0
ifeq ($(origin CC),default)
CC       := $(if $(shell command -v gcc),gcc,cc)
endif
MARCH    ?= native
OPT      ?= $(if $(SANITIZE)$(FUZZ),-O1,-O3)
REAL     ?= float
given_B  := $(filter-out undefined,$(origin B))
B        ?= build/$(REAL)$(if $(SANITIZE),-asan)
BIN      ?= $(if $(filter build/float,$(B)),sinklab,$(B)/sinklab)
PREFIX   ?= /usr/local

# As many jobs as processors, unless the command line says otherwise.
ifeq ($(MAKELEVEL)$(filter -j%,$(MAKEFLAGS)),0)
MAKEFLAGS += -j$(shell nproc 2>/dev/null || echo 2)
endif
Q        := $(if $(V),,@)
say       = $(if $(V),,@echo '  $1')

WARN     := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
            -Wpointer-arith -Wcast-qual -Wwrite-strings -Wundef -Wvla \
            -Werror=implicit-function-declaration -Werror=int-conversion \
            $(if $(findstring clang,$(CC)),-Wno-pass-failed)
# With AVX-512 compilers use half of it unless told
wide     := $(if $(filter x86_64-% amd64-%,$(shell $(CC) -dumpmachine 2>/dev/null)),-mprefer-vector-width=512)
# What checks are built with has less, as nobody debugs it (tools/check.sh)
DEBUG_INFO := -g
cflags   := -std=c11 $(OPT) $(DEBUG_INFO) -march=$(MARCH) $(wide) -fopenmp $(WARN) \
            -ffp-contract=fast -fno-math-errno -fno-trapping-math
cppflags := -D_GNU_SOURCE -Isrc -MMD -MP

ifeq ($(REAL),double)
cppflags += -DSINKLAB_DOUBLE
endif
ifdef SANITIZE
cflags   += -fsanitize=address,undefined -fno-sanitize-recover=undefined \
            -fno-omit-frame-pointer
endif
ifdef FUZZ
cflags   += -fsanitize=fuzzer-no-link,address,undefined \
            -fsanitize-coverage-ignorelist=tests/fuzz/untraced.txt \
            -fno-sanitize-recover=undefined -fno-omit-frame-pointer
endif
ifdef WERROR
cflags   += -Werror
endif

# Libraries. OpenBLAS is called by many threads at once, each call on its own.
# Debian's flavour without threads takes no locks and then computes garbage
# (tests/test_gemm_threads.c shows it); the pthread flavour is right, and set to
# one thread by kern/gemm.c, which loads it when the first product is due. It is
# pinned by its path, because the system's alternatives may resolve to another
# flavour at run time. Fedora calls it libopenblasp.
TRIPLET      := $(shell $(CC) -print-multiarch 2>/dev/null)
BLAS_DIR     := $(patsubst %/libopenblas.so,%,$(wildcard \
                /usr/lib/$(TRIPLET)/openblas-pthread/libopenblas.so))
ifneq ($(BLAS_DIR),)
BLAS_CFLAGS  := -I/usr/include/$(TRIPLET)/openblas-pthread
else
BLAS_CFLAGS  := $(shell pkg-config --cflags openblas 2>/dev/null)
BLAS_DIR     := $(shell pkg-config --variable=libdir openblas 2>/dev/null)
endif
HDF5         := $(shell pkg-config --exists hdf5-serial 2>/dev/null && echo hdf5-serial || echo hdf5)
HDF5_CFLAGS  := $(shell pkg-config --cflags $(HDF5) 2>/dev/null)
HDF5_LIBDIR  := $(shell pkg-config --libs-only-L $(HDF5) 2>/dev/null)
HDF5_SHARED  := $(HDF5_LIBDIR) -lhdf5_hl -lhdf5
# The program takes HDF5 in, where its archive links: Debian's shared library
# brings libcurl and thirty others, and with it a start takes 9 ms of processor,
# without 2. HDF5_ARCHIVE=0: shared, as it is for tests, of which
# some tell the program's own calls from the library's. Tried once, when it is needed.
HDF5_STATIC  := $(HDF5_LIBDIR) -l:libhdf5_hl.a -l:libhdf5.a -lsz -lz
HDF5_ARCHIVE ?= $(eval HDF5_ARCHIVE := $(if $(SANITIZE)$(FUZZ),0,$(hdf5_links)))$(HDF5_ARCHIVE)
hdf5_links    = $(shell t=$$(mktemp) && \
                echo 'int H5open(void); int main(void) { return H5open(); }' | \
                $(CC) -x c - -o "$$t" $(HDF5_STATIC) -ldl -lm 2>/dev/null && \
                echo 1 || echo 0; rm -f "$$t")
HDF5_LIBS     = $(HDF5_SHARED)
REST         := inih libxxhash jansson
cppflags     += $(BLAS_CFLAGS) $(HDF5_CFLAGS) $(shell pkg-config --cflags $(REST) 2>/dev/null)
REST_LIBS    := $(shell pkg-config --libs-only-L $(REST) 2>/dev/null) -linih -lxxhash -ljansson
ldlibs        = $(HDF5_LIBS) $(REST_LIBS) -ldl -lm $(LDLIBS)

# oneDNN makes the large products where train.products asks for it: optional,
# and loaded when the program is asked to use it. ONEDNN=0 builds without, as
# does SANITIZE=1: the search for leaks crashes over the library's threads.
ONEDNN   ?= $(if $(SANITIZE),0,$(shell echo '\#include <dnnl.h>' | $(CC) -E -x c - >/dev/null 2>&1 && echo 1 || echo 0))

# Processes of one run, on many machines perhaps: src/io/ranks_single.c or
# ranks_mpi.c, which say the same to all others. MPI=1 asks for the latter; the
# tests link a program with it wherever there is an MPI.
MPI      ?= 0
MPI_PC   := $(firstword $(foreach p,mpi-c ompi-c mpich mpi,\
            $(shell pkg-config --exists $p 2>/dev/null && echo $p)))
ifneq ($(MPI_PC),)
MPI_CFLAGS := $(patsubst -I%,-isystem %,$(shell pkg-config --cflags $(MPI_PC)))
MPI_LIBS   := $(shell pkg-config --libs $(MPI_PC))
else ifneq ($(MPI),0)
$(error MPI=1: pkg-config knows no MPI here; tools/deps.sh --mpi gets one)
endif

# The user's own CFLAGS, CPPFLAGS, LDFLAGS and LDLIBS come last and win. What
# most tests themselves do takes no time: compiling it with -O3, or even -O1, would.
# One walks through naive sums; it and the helpers are worth some optimizing.
# Under the sanitizers that holds for rooms that neither compute nor are called often, too.
test_opt   := $(if $(filter -O1 -O2 -O3,$(OPT)),-O0)
helper_opt := $(if $(filter -O2 -O3,$(OPT)),-O1)
idle_opt   := $(if $(SANITIZE),$(test_opt))
idle_rooms := prepare run train analysis sweep exchange verify cmd
busy_tests := test_metric_slow
compile   = $(CC) $(cppflags) $(CPPFLAGS) $(cflags) $(own) $(panel) $(CFLAGS)
link     := $(CC) $(cflags) $(CFLAGS) $(LDFLAGS)

SRC    := $(sort $(shell find src -mindepth 2 -name "*.c"))
single := $(B)/src/io/ranks_single.o
mpi    := $(B)/src/io/ranks_mpi.o
OBJ    := $(filter-out $(mpi),$(SRC:%.c=$(B)/%.o)) $(B)/pages.o
MPI_OBJ := $(filter-out $(single),$(OBJ)) $(mpi)
GRADS  := $(sort $(wildcard tests/test_grad_*.c))
TESTS  := $(filter-out $(GRADS),$(sort $(wildcard tests/test_*.c)))
HELP_C := $(filter-out tests/test_%,$(wildcard tests/*.c))

# `make test` tells within a minute or two whether a build is right on this machine;
# `make test-all`, which `make check` runs, has all of them. In the short form
# these scripts are left out, and tests that ask for it do less (is_long of
# tests/system/lib.sh, test_is_long of tests/harness.h). Who names files gets
# all of them.
FORM   ?= $(if $(filter command,$(origin TESTS) $(origin SYSTEM)),long,short)
export TEST_FORM := $(FORM)
LONG   := analyze attention bench damage data_head data_prepare emergence experiment experiments \
          export faults inputs json layers memory models mpi places products python replay report runs sample samples \
          schedule slurm slurm_submit stop sweep sweep_kill sweep_reuse sweep_run tokens train_samples updates
SYSTEM := $(filter-out tests/system/lib.sh $(if $(filter short,$(FORM)),$(LONG:%=tests/system/%.sh)),\
          $(sort $(wildcard tests/system/*.sh)))
# Many unit tests are one program, under the name of each (tests/many/many.c): it is
# linked once. A few are a program each.
many      := $(B)/tests/many
alone     := $(filter tests/test_allocations.c,$(TESTS))
together  := $(filter-out $(alone),$(TESTS))
unit_bins := $(if $(word 9,$(TESTS)),$(together:tests/%.c=$(B)/unit/%) \
             $(alone:%.c=$(B)/%),$(TESTS:%.c=$(B)/%))
grad_bins := $(GRADS:%.c=$(B)/%)
mpi_bin   := $(if $(MPI_PC),$(if $(filter 0,$(MPI)),$(B)/sinklab-mpi,$(BIN)))
dump_bin  := $(B)/tools/parity/dump
optim_bin := $(B)/tools/parity/optim
fault_bin := $(B)/tests/faults/faults
fault_lib := $(B)/tests/faults/shim.so
fault_run := $(B)/tests/faults/sinklab
faults    := $(fault_bin) $(fault_lib) $(fault_run)
fuzz_bins := $(patsubst %.c,$(B)/%,$(sort $(wildcard tests/fuzz/fuzz_*.c)))
replay    := $(B)/tests/fuzz/replay

.PHONY: all demo experiment study test test-all faults run-faults faults-suite unit double asan lint check bench parity format docs \
        install clean help tests run-test run-unit run-double run-asan fuzz \
        fuzz-targets extending kernels force
all: $(BIN) ## build ./sinklab (the default)

$(BIN): $(if $(filter 0,$(MPI)),$(OBJ),$(MPI_OBJ))
$(B)/sinklab-mpi: $(MPI_OBJ)
$(fault_run): $(OBJ)
$(BIN) $(B)/sinklab-mpi: private HDF5_LIBS = $(if $(filter 0,$(HDF5_ARCHIVE)),$(HDF5_SHARED),$(HDF5_STATIC))
$(BIN) $(B)/sinklab-mpi $(fault_run): $(B)/src/main.o $(B)/mpi $(B)/hdf5
	@mkdir -p $(@D)
	$(call say,LD $@)
	$(Q)$(link) -o $@ $(filter %.o,$^) $(ldlibs) $(if $(filter $(mpi),$^),$(MPI_LIBS))

$(B)/%.o: %.c $(B)/flags
	@mkdir -p $(@D)
	$(call say,CC $<)
	$(Q)$(compile) $(build_info) -c -o $@ $<

# What tables of results give is one thing whatever compiler and processor: no
# product and sum become one there.
$(B)/src/report/%.o: private own = -ffp-contract=off $(idle_opt)
$(foreach room,$(idle_rooms),$(B)/src/$(room)/%.o): private own = $(idle_opt)

# Texts that the program holds, as C arrays: prose of pages that it completes
# (src/config/page.h), and the page of `compare --report` (src/report/html_page.h),
# whose scripts follow each other in this order. Chart.js, which draws its curves,
# is Debian's; CHART_JS=FILE names another copy. Without it there are no such pages.
CHART_JS ?= $(firstword $(wildcard /usr/share/javascript/chart.js/chart.min.js \
            /usr/share/nodejs/chart.js/dist/chart.min.js))
scripts  := $(addprefix src/report/html/,$(addsuffix .js,\
            data view figure finals maps tables configs main))
page_texts := attention=docs/attention.in.md config=docs/config.in.md \
            frame=src/report/html/frame.html style=src/report/html/style.css \
            script=$(B)/script.js charts=$(or $(CHART_JS),/dev/null)
$(B)/script.js: $(scripts)
	@mkdir -p $(@D)
	$(Q)cat $^ >$@
$(B)/pages.c: $(filter-out /dev/null,$(foreach t,$(page_texts),$(lastword $(subst =, ,$t)))) \
    $(B)/charts
	@mkdir -p $(@D)
	$(Q)for text in $(page_texts); do \
	    echo "const char page_$${text%%=*}[] = {"; \
	    od -An -v -td1 "$${text#*=}" | sed 's/-*[0-9][0-9]*/&,/g'; \
	    echo '0 };'; \
	done >$@
$(B)/pages.o: $(B)/pages.c $(B)/flags
	$(call say,CC $@)
	$(Q)$(compile) -include src/config/page.h -include src/report/html_page.h -c -o $@ $<

# A unit test is its file, the tests' helpers, cmocka, and what they need of the
# library. Its main has a name of its own, so that many can be one program.
# They are many: gold, where there is one, links in a third of the time (and
# warns of what the sanitizers bring).
quick_ld := $(if $(SANITIZE),,$(if $(shell command -v ld.gold),-fuse-ld=gold))
link_test = $(link) $(if $(LDFLAGS),,$(quick_ld)) -o $@ $(filter %.o %.a,$^) $(ldlibs) -lcmocka
$(B)/tests/%.o: private own = $(helper_opt)
$(B)/tests/test_%.o: private own = $(test_opt) -Dmain=main_of_$(notdir $*)
$(busy_tests:%=$(B)/tests/%.o): private own = $(helper_opt) -Dmain=main_of_$(notdir $*)
# ROOMS='base kern io': the library is one of these rooms of src/ alone, for tests
# that need no others.
library := $(B)/$(if $(ROOMS),rooms,library).a
$(B)/library.a: $(OBJ)
$(B)/rooms.a: $(filter $(B)/pages.o $(ROOMS:%=$(B)/src/%/%),$(OBJ))
$(B)/tests/helpers.a: $(HELP_C:%.c=$(B)/%.o)
$(library) $(B)/tests/helpers.a:
	$(Q)rm -f $@ && $(AR) rcs $@ $^
$(B)/tests/test_%: $(B)/tests/test_%.o $(B)/tests/helpers.a $(library)
	$(call say,LD $@)
	$(Q)echo 'TEST(test_$*)' >$@.list
	$(Q)$(compile) -DLIST='"$(abspath $@.list)"' -c -o $@.main.o tests/many/many.c
	$(Q)$(link_test) $@.main.o
$(many): $(together:%.c=$(B)/%.o) $(B)/tests/helpers.a $(library) $(many).list tests/many/many.c
	$(call say,LD $@)
	$(Q)$(compile) -DLIST='"$(abspath $(many).list)"' -c -o $@.main.o tests/many/many.c
	$(Q)$(link_test) $@.main.o
$(B)/unit/%: $(many)
	@mkdir -p $(@D)
	@ln -sf ../tests/many $@
# A test that adds an edit of its own to those of the table.
$(B)/tests/test_grad_edit_projection: private ldlibs += -Wl,--wrap=score_edits_of
# One that stands in front of malloc, for libraries loaded later, too.
$(B)/tests/test_allocations: private ldlibs += -Wl,--export-dynamic
# What has loops over numbers, for processors that are not this one (check.sh).
kernels: $(filter $(addprefix $(B)/src/,kern/% nn/% optim/% metric/%),$(OBJ))
# The targets of libFuzzer, too, lest they fall behind.
tests: $(unit_bins) $(if $(ROOMS),,$(replay))

# The suite of failing system calls, what it preloads under the program, and a
# program whose HDF5 is shared: it tells its calls from the library's.
fault_flags := -std=c11 -D_GNU_SOURCE -O1 -g $(WARN) $(if $(WERROR),-Werror)
$(fault_bin) $(fault_lib): tests/faults/fault.h $(B)/flags
$(fault_bin): tests/faults/faults.c
	@mkdir -p $(@D)
	$(call say,LD $@)
	$(Q)$(CC) $(fault_flags) -o $@ $<
$(fault_lib): tests/faults/shim.c
	@mkdir -p $(@D)
	$(call say,LD $@)
	$(Q)$(CC) $(fault_flags) -fPIC -shared -o $@ $< -ldl

$(B)/tests/fuzz/%: $(B)/tests/fuzz/%.o $(B)/tests/fuzz/fuzz.o \
    $(B)/tests/hdf_mutant.o $(OBJ)
	$(call say,LD $@)
	$(Q)$(link) -fsanitize=fuzzer -o $@ $^ $(ldlibs)
fuzz-targets: $(fuzz_bins)
# All of them in one program, each under a name of its own, without libFuzzer
ifndef FUZZ
$(B)/tests/fuzz/fuzz_%.o: private own = $(test_opt) -DLLVMFuzzerTestOneInput=$(notdir $*)
endif
$(replay).o: private own = $(test_opt) -DTARGETS='"$(abspath $(replay)).list"'
$(replay).o: $(replay).list
$(replay): $(replay).o $(fuzz_bins:=.o) $(B)/tests/fuzz/fuzz.o $(B)/tests/hdf_mutant.o $(library)
	$(call say,LD $@)
	$(Q)$(link_test)
$(dump_bin) $(optim_bin): %: %.o $(library)
	$(call say,LD $@)
	$(Q)$(link) -o $@ $^ $(ldlibs)
.PRECIOUS: $(B)/%.o

# Rebuild everything when compiler or flags change, and the one file that knows
# the commit when that changes.
$(B)/flags: now = $(compile) $(test_opt) $(helper_opt) $(idle_opt) $(ldlibs)
$(many).list: now = $(patsubst tests/%.c,TEST(%),$(together))
$(replay).list: now = $(patsubst $(B)/tests/fuzz/fuzz_%,TARGET(%),$(fuzz_bins))
$(B)/commit: now = $(COMMIT)
$(B)/charts: now = $(CHART_JS)
$(B)/onednn: now = $(ONEDNN)
$(B)/hdf5: now = $(HDF5_ARCHIVE)
$(B)/mpi: now = $(MPI_PC) $(MPI_CFLAGS) $(MPI_LIBS) $(MPI)
$(B)/flags $(B)/commit $(B)/charts $(B)/onednn $(B)/hdf5 $(B)/mpi $(B)/panel $(many).list $(replay).list: force
	@mkdir -p $(@D)
	@echo '$(now)' | cmp -s - $@ || echo '$(now)' > $@

# What an experiment writes there is none of the program's: while it does, runs
# are to stay by one and the same program.
COMMIT = $(shell git describe --always --abbrev=12 2>/dev/null || echo unknown)$(if \
    $(shell git status --porcelain -uno -- . ':!experiments' 2>/dev/null),-dirty)
$(B)/src/kern/gemm.o: build_info = $(if $(BLAS_DIR),-DBLAS_DIR='"$(BLAS_DIR)"')
$(B)/src/kern/onednn.o: $(B)/onednn
$(B)/src/kern/onednn.o: build_info = $(if $(filter 0,$(ONEDNN)),,-DONEDNN)
# PANEL=32: as wide as attention's panels are on another processor, for check.sh,
# which asks for several widths in one folder.
ifneq ($(PANEL)$(wildcard $(B)/panel),)
panel_users := $(patsubst %.c,$(B)/%.o,$(shell \
    grep -rlE --include='*.c' '"(kern/small|nn/attention/attention_rows)\.h"' src tests))
$(B)/panel: now = $(PANEL)
$(panel_users): $(B)/panel
$(panel_users): private panel = $(if $(PANEL),-DSMALL_PANEL_BYTES=$(PANEL))
endif
$(mpi): $(B)/mpi
$(mpi): build_info = $(MPI_CFLAGS)
$(B)/src/base/build.o: $(B)/commit
$(B)/src/base/build.o: build_info = -DBUILD_VERSION='"$(VERSION)"' \
    -DBUILD_COMMIT='"$(COMMIT)"' -DBUILD_FLAGS='"$(strip $(cflags) $(CFLAGS))"'

-include $(OBJ:.o=.d) $(mpi:.o=.d) $(B)/src/main.d $(dump_bin).d $(optim_bin).d $(wildcard $(B)/tests/*.d $(B)/tests/fuzz/*.d)

# Parts of the tests. A variant is built in a folder of its own by a make below
# this one; the run-* targets are what that make is asked for.
sub     := $(MAKE) --no-print-directory
variant  = $(if $(given_B),B=$(B)-$1)

demo: ## train, analyze and compare four attentions, a minute or two
	@tools/deps.sh
	+@$(sub) all
	@SINKLAB=$(abspath $(BIN)) tools/demo.sh

experiment: ## NAME=folder of experiments/: train, analyze, judge its claims, draw, make its page
	@tools/deps.sh
	+@$(sub) all
	@SINKLAB=$(abspath $(BIN)) tools/experiment.sh '$(NAME)' $(SET)

study: ## the study's findings, hours: SET=data.path=FOLDER_OF_NOVELS; DRY=1 how many; ALL=1 all of study-*
	@tools/deps.sh
	+@$(sub) all
	@SINKLAB=$(abspath $(BIN)) tools/study.sh $(if $(filter-out 0,$(ALL)),--all) $(if $(filter-out 0,$(DRY)),--dry-run) $(SET)

test: ## is this build right? A minute or two on two cores; last line: N passed, N failed
	@tools/deps.sh
	+@$(sub) run-test
test-all: ## all unit and system tests, in their long form
	@tools/deps.sh
	+@$(sub) FORM=long run-test
# What only some scripts run is built for them
for_scripts = $(if $(filter $(1:%=tests/system/%.sh),$(SYSTEM)),$2)
run-test: $(BIN) $(call for_scripts,mpi slurm,$(mpi_bin)) $(call for_scripts,parity models,$(dump_bin)) \
    $(call for_scripts,faults,$(faults)) $(call for_scripts,replay,$(replay)) $(unit_bins)
	@SINKLAB=$(abspath $(BIN)) DUMP=$(abspath $(dump_bin)) \
	    FAULTS=$(abspath $(fault_bin)) SINKLAB_MPI=$(abspath $(mpi_bin)) \
	    REPLAY=$(abspath $(replay)) tests/run.sh $(unit_bins) $(SYSTEM)

faults: ## every system call of every command fails: the long form of a test
	@tools/deps.sh
	+@$(sub) run-faults
run-faults: $(faults)
	@FAULTS=$(abspath $(fault_bin)) FAULTS_FORM= \
	    JOBS=$(patsubst -j%,%,$(firstword $(filter -j%,$(MAKEFLAGS)))) \
	    TEST_LIMIT_S=36000 tests/run.sh tests/system/faults.sh
faults-suite: $(faults)

unit: run-unit ## unit tests alone
run-unit: $(unit_bins)
	@tests/run.sh $(unit_bins)

double: ## every backward pass against finite differences, REAL=double
	+@$(sub) REAL=double ROOMS='base kern io data nn optim engine' $(call variant,double) run-double
run-double: $(grad_bins)
	@tests/run.sh $(grad_bins)

extending: all ## what docs/EXTENDING.md says, done to a copy of the tree and tested
	+@tools/extending.py --make '$(sub)' --program '$(if $(findstring /,$(BIN)),,./)$(BIN)' \
	    --built '$(B) $(if $(given_B),$(B)-double,build/double)'

asan: ## unit tests and a short run under the address and UB sanitizers
	+@$(sub) SANITIZE=1 $(call variant,asan) run-asan
run-asan: $(BIN) $(unit_bins) $(replay)
	@CC='$(CC)' SINKLAB=$(abspath $(BIN)) REPLAY=$(abspath $(replay)) \
	    tests/asan.sh $(unit_bins) tests/system/smoke.sh tests/system/replay.sh

# libFuzzer comes with clang. FUZZ_S=3600 make fuzz: an hour each.
fuzz: ## libFuzzer on all that reads files, FUZZ_S=60 seconds each (clang)
	+@$(sub) all
	+@$(sub) CC=clang FUZZ=1 B=build/fuzz fuzz-targets
	@SINKLAB=$(abspath $(BIN)) tests/fuzz/run.sh build/fuzz \
	    $(patsubst $(B)/%,build/fuzz/%,$(fuzz_bins))

lint: $(BIN) ## what a machine can hold of docs/STYLE.md, and that docs are true
	@CC='$(CC)' CPPFLAGS='$(filter -I%,$(cppflags))' SINKLAB=$(abspath $(BIN)) \
	    tools/lint.sh

check: ## all but faults and fuzz, warnings as errors, with gcc and clang; before every push
	@tools/deps.sh
	+@tools/check.sh '$(sub)' '$(if $(given_B),$(B)-strict,build/strict)'

bench: all ## the standard speed measurements, appended to docs/PERFORMANCE.md
	@SINKLAB=$(abspath $(BIN)) tools/bench.sh

parity: $(BIN) $(dump_bin) $(optim_bin) ## logits and gradients held against PyTorch's
	@SINKLAB=$(abspath $(BIN)) DUMP=$(abspath $(dump_bin)) tools/parity/run.sh
	@OPTIM=$(abspath $(optim_bin)) tools/parity/optim.sh
	@SINKLAB=$(abspath $(BIN)) DUMP=$(abspath $(dump_bin)) $${PYTHON:-python3} tools/parity/models.py || [ $$? = 3 ]

format: ## lay out the source with clang-format
	clang-format -i $$(find src tests tools -name "*.[ch]")

docs: all ## write docs/CONFIG.md and docs/ATTENTION.md anew from the tables
	@mkdir -p $(B)
	./$(BIN) help config > $(B)/CONFIG.md
	./$(BIN) help attention > $(B)/ATTENTION.md
	mv $(B)/CONFIG.md $(B)/ATTENTION.md docs/

share := $(DESTDIR)$(PREFIX)/share
install: all ## to PREFIX=/usr/local, below DESTDIR: program, configs, man page, completion
	install -d $(DESTDIR)$(PREFIX)/bin $(share)/sinklab/configs $(share)/man/man1 \
	    $(share)/bash-completion/completions $(share)/zsh/site-functions \
	    $(share)/fish/vendor_completions.d
	install -m 755 $(BIN) $(DESTDIR)$(PREFIX)/bin/sinklab
	install -m 644 $(wildcard configs/*.ini) $(share)/sinklab/configs
	for page in man bash zsh fish; do $(abspath $(BIN)) help $$page >$(B)/$$page.page || exit 1; done
	install -m 644 $(B)/man.page $(share)/man/man1/sinklab.1
	install -m 644 $(B)/bash.page $(share)/bash-completion/completions/sinklab
	install -m 644 $(B)/zsh.page $(share)/zsh/site-functions/_sinklab
	install -m 644 $(B)/fish.page $(share)/fish/vendor_completions.d/sinklab.fish

clean: ## remove what make has made
	rm -rf build sinklab

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' Makefile
	@echo 'Variables:'
	@sed -n '3,/^$$/s/^# *//p' Makefile | sed 's/^/  /'
