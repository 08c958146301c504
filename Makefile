# Every target installs what it needs first, and says what it does.
.PHONY: demo test test-node lint types style build generate bench bench-sign-ins bench-push bench-bookings bench-shards bench-memory soak fuzz mutation promises tools \
  test-kubernetes test-operations test-browser sign-in-image test-image test-deploy release-check help

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 18

node_modules/.package-lock.json: package-lock.json
	@echo "==> installing the packages of package-lock.json"
	@npm ci --no-audit --no-fund --loglevel=error
	@touch $@

INSTALLED = node_modules/.package-lock.json

demo: build ## run the demo on the sandbox (KEEP=1 leaves it running, KUBERNETES=real uses a real API server)
ifeq ($(KUBERNETES),real)
	@npx tsx demo/demo-real.ts
else
	@node dist/demo.js
endif

test: $(INSTALLED) ## run the tests on the sandbox
	@echo "==> running the tests"
	@npx vitest run

NODE ?= other

test-node: $(INSTALLED) ## run the tests on the sandbox with another version of Node (NODE=24; without it the image's)
	@node scripts/node.mjs $(NODE) npx vitest run

lint: types style ## check types, style and size limits

types: $(INSTALLED) ## check the types only
	@echo "==> checking types"
	@npm run --silent types

style: $(INSTALLED) ## check style and size limits only
	@echo "==> checking style"
	@npm run --silent lint

build: $(INSTALLED) ## bundle what ships into dist/
	@npm run --silent build

generate: $(INSTALLED) ## derive types, schemas and reference pages from crds/
	@npm run --silent generate

bench: build ## measure speed, memory and requests, three times, beside the last release (KUBERNETES=real)
	@npx tsx bench/run.ts

bench-sign-ins: build ## let 1,000 people sign in at once, at two replicas
	@npx tsx bench/sign-ins.ts

bench-push: build ## how soon changes at Google are published, with 1,000 Agents and two replicas
	@npx tsx bench/push.ts

bench-bookings: build ## how soon 1,000 Bookings of 100 Agents are booked, and what 10,000 past ones cost
	@npx tsx bench/bookings.ts

bench-shards: build ## read 3,000 Agents with a ring of three replicas, while one is killed and one comes (KUBERNETES=real, with it SHARDER=real)
	@npx tsx bench/shards.ts

bench-memory: build ## resident memory of the operator, as the image starts it, with ten hostile calendars of each kind (KINDS=full,busy; MOST=512 fails above 512 MiB)
	@npx tsx bench/memory.ts $(if $(KINDS),--kinds $(KINDS)) $(if $(MOST),--most $(MOST))

DURATION ?= $(if $(SECONDS),$(SECONDS)s,5m)

soak: build ## count every read of a hundred agents in real time, look for leaks, kill it amid Bookings (DURATION=5m, or SECONDS=90; SEED=… repeats the kills)
	@echo "==> reading a hundred agents' calendars for $(DURATION)"
	@npx tsx bench/soak.ts --duration $(DURATION)
	@SEED="$(SEED)" npx tsx bench/kills.ts

CASES ?= 100000

fuzz: $(INSTALLED) ## random objects and answers of Google through the reconcilers, and all cases of other properties (CASES=100000, SEED=… repeats a run)
	@echo "==> trying $(CASES) cases"
	@CASES=$(CASES) npx vitest run test/fuzz $$(grep -rl "support/runs.ts'" test) --disable-console-intercept

promises: $(INSTALLED) ## break what comments promise, one by one, and see a test turn red (ONLY=words)
	@echo "==> breaking promises"
	@ONLY="$(ONLY)" npx tsx test/promises/check.ts

mutation: $(INSTALLED) ## change the code in small ways and see whether a test notices (ROOM=controller, or FILES=src/google/client-rate-limiter.ts,…)
	@FILES="$(FILES)" ROOM="$(ROOM)" npx stryker run

tools: $(INSTALLED) ## find or build the real API server and the tools that the tests below use (needs Go the first time)
	@npx tsx test/real/prepare.ts

test-kubernetes: build ## run the journeys on a real kube-apiserver with etcd
	@npx vitest run --config vitest.kubernetes.config.ts

test-deploy: $(INSTALLED) ## render, judge and install what deploy/ and examples/ offer (on a real API server)
	@npx vitest run --config vitest.deploy.config.ts

test-operations: $(INSTALLED) ## judge alerts, dashboards and status with the tools of those who run it
	@npx vitest run --config vitest.operations.config.ts

test-browser: $(INSTALLED) ## run the sign-in in a browser (Chromium; CHROMIUM=path names another)
	@npx vitest run --config vitest.browser.config.ts

sign-in-image: $(INSTALLED) ## write docs/images/sign-in.png, the picture of the sign-in page in the README (Chromium)
	@npx tsx test/browser/sign-in-image.ts

test-image: build ## build the image without a container engine and run it as the Deployment says (Linux, as root)
	@npx vitest run --config vitest.image.config.ts

release-check: build ## make the files of a release under dist/release, and check them (needs what test-image needs)
	@npx vitest run --config vitest.release.config.ts
