# What a person types. Each target is one script in scripts/; `make` alone lists them.

.DEFAULT_GOAL := help
.PHONY: help run test bench train fuzz cluster-test build format lint clean install uninstall deb deb-test

PORT ?= 8080
export PORT SITE NAME DESTDIR CENTRAL HOSTS DATA

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## build, then run the server here (PORT=8080) until Ctrl-C
	@exec scripts/run

test: ## everything: style, Swift, browser; about ten minutes the first time
	@exec scripts/test

bench: ## compare the engine with PyTorch, ONNX Runtime and OpenVINO here, and plot it (ARGS="--quick"; ARGS=--help)
	@exec scripts/bench $(ARGS)

train: ## train networks and compare recipes, at leisure (DATA=FOLDER with manifest.csv; ARGS=status; hours)
	@exec scripts/train $(ARGS)

fuzz: ## search for input that does harm (TARGET=checkpoints, multipart, header, jpeg or parameters; SECONDS=60 for each)
	@exec scripts/fuzz $(or $(TARGET),all) $(SECONDS)

cluster-test: ## as root, after make build: three hosts, a central and a database, some of them killed
	@exec scripts/cluster-test

build: ## build the server and the tool into .build/release
	@exec scripts/build

format: ## bring all Swift into the agreed form
	@swift format --in-place --recursive --parallel Package.swift Sources Tests

lint: ## check the form without changing anything
	@swift format lint --strict --recursive --parallel Package.swift Sources Tests

install: ## as root, after make build: install the service (deploy/README.md)
	@exec scripts/install

uninstall: ## as root: take the service away
	@exec scripts/uninstall

deb: ## a Debian package of the release build, in .build-deb
	@exec scripts/deb

deb-test: ## as root: install, upgrade and purge the package in a Debian of its own; some minutes
	@exec scripts/deb-test

clean: ## remove what was built
	@rm -rf .build .build-tests .build-fuzz .build-deb
