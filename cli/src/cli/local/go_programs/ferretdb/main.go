// A server that speaks MongoDB's protocol and keeps its data in PostgreSQL: FerretDB, embedded,
// because its own program refuses to start unless it was built from its repository.
package main

import (
	"context"
	"flag"
	"log"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/FerretDB/FerretDB/ferretdb"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:27017", "address to listen on, host:port")
	database := flag.String("postgresql-url", "", "where to keep the data: postgres://…")
	flag.Parse()

	folder, err := os.MkdirTemp("", "ferretdb")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(folder)
	inner := filepath.Join(folder, "socket")
	// What its clients are told need not be told here, too: that an `_id` is taken, above all.
	quiet := slog.HandlerOptions{Level: slog.LevelError + 1}
	server, err := ferretdb.New(&ferretdb.Config{
		Listener:      ferretdb.ListenerConfig{Unix: inner},
		Logger:        slog.New(slog.NewTextHandler(os.Stderr, &quiet)),
		Handler:       "postgresql",
		PostgreSQLURL: *database,
	})
	if err != nil {
		log.Fatal(err)
	}
	listener, err := net.Listen("tcp", *listen)
	if err != nil {
		log.Fatal(err)
	}
	defer listener.Close()
	go guard(listener, inner)

	stopped, cancel := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer cancel()
	if err := server.Run(stopped); err != nil {
		log.Fatal(err)
	}
}
