// A server that speaks MongoDB's protocol and keeps its data in PostgreSQL: FerretDB, embedded,
// because its own program refuses to start unless it was built from its repository.
package main

import (
	"context"
	"flag"
	"log"
	"os/signal"
	"syscall"

	"github.com/FerretDB/FerretDB/ferretdb"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:27017", "address to listen on, host:port")
	database := flag.String("postgresql-url", "", "where to keep the data: postgres://…")
	flag.Parse()

	server, err := ferretdb.New(&ferretdb.Config{
		Listener:      ferretdb.ListenerConfig{TCP: *listen},
		Handler:       "postgresql",
		PostgreSQLURL: *database,
	})
	if err != nil {
		log.Fatal(err)
	}

	stopped, cancel := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer cancel()
	if err := server.Run(stopped); err != nil {
		log.Fatal(err)
	}
}
