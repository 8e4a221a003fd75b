// The test clusters' one small program. It is the sandbox of every pod, the client and the workload of the harness' own
// tests, and it stands in for programs that no registry offers: their objects, probes, mounts and security contexts are
// real then, they themselves are not.
package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Named commands; any other first argument means "serve", so that the arguments of the program it stands in for do.
var commands = map[string]func(args []string) error{
	"pause":  pause,
	"get":    get,
	"lookup": lookup,
	"eat":    eat,
	"write":  write,
	"read":   read,
}

func main() {
	run, args := serve, os.Args[1:]
	if len(args) > 0 && commands[args[0]] != nil {
		run, args = commands[args[0]], args[1:]
	}
	if err := run(args); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// pause waits for the end, as the first process of a pod.
func pause([]string) error {
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGINT, syscall.SIGTERM)
	<-stop
	return nil
}

// serve listens on the TCP ports in STAND_IN_PORTS (default 8080; $NAME takes another variable's value), answers every HTTP request with 200, and /metrics with
// one metric that says what it is.
func serve([]string) error {
	ports := os.ExpandEnv(os.Getenv("STAND_IN_PORTS"))
	if ports == "" {
		ports = "8080"
	}
	host, _ := os.Hostname()
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, host) })
	mux.HandleFunc("/metrics", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4")
		fmt.Fprintln(w, "# HELP stand_in_info This is a test's stand-in for the program named.")
		fmt.Fprintln(w, "# TYPE stand_in_info gauge")
		fmt.Fprintf(w, "stand_in_info{for=%q} 1\n", os.Getenv("STAND_IN_FOR"))
	})
	failed := make(chan error)
	for _, port := range strings.Split(ports, ",") {
		go func() { failed <- http.ListenAndServe(":"+port, mux) }()
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM)
	select {
	case err := <-failed:
		return err
	case <-stop:
		return nil
	}
}

// get prints what a URL answers.
func get(args []string) error {
	client := http.Client{Timeout: 3 * time.Second}
	answer, err := client.Get(args[0])
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if _, err = io.Copy(os.Stdout, answer.Body); err == nil && answer.StatusCode >= 400 {
		err = fmt.Errorf("status %s", answer.Status)
	}
	return err
}

// lookup prints the addresses of a name.
func lookup(args []string) error {
	within, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	addresses, err := net.DefaultResolver.LookupHost(within, args[0])
	fmt.Println(strings.Join(addresses, "\n"))
	return err
}

// eat takes hold of a number of MiB, and keeps them.
func eat(args []string) error {
	mebibytes, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	held := make([][]byte, 0, mebibytes)
	for range mebibytes {
		block := make([]byte, 1<<20)
		for i := 0; i < len(block); i += 4096 {
			block[i] = 1
		}
		held = append(held, block)
	}
	fmt.Println("holding", len(held), "MiB")
	return pause(nil)
}

// write puts a text into a file, which shows that a volume can be written.
func write(args []string) error { return os.WriteFile(args[0], []byte(args[1]), 0o600) }

// read prints a file.
func read(args []string) error {
	content, err := os.ReadFile(args[0])
	fmt.Print(string(content))
	return err
}
