// FerretDB reads a document, changes it and writes it back in separate statements: of two updates
// of one document at once it can lose one. Those of MongoDB are atomic, and the stores rely on it.
// So a gate in front of FerretDB lets one command through at a time.
package main

import (
	"encoding/binary"
	"errors"
	"io"
	"log"
	"net"
	"sync"
)

// The lengths of a message of MongoDB's protocol: its header alone, and the most that is allowed.
const (
	headerBytes  = 16
	largestBytes = 48_000_000
)

// let clients of `listener` in to the server at the socket `inner`, until it is closed.
func guard(listener net.Listener, inner string) {
	var turn sync.Mutex
	for {
		client, err := listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			log.Fatal(err)
		}
		go pass(client, inner, &turn)
	}
}

// pass has the commands of one connection answered, each when no other is under way.
func pass(client net.Conn, inner string, turn *sync.Mutex) {
	defer client.Close()
	server, err := net.Dial("unix", inner)
	if err != nil {
		return
	}
	defer server.Close()
	for {
		command, err := message(client)
		if err != nil {
			return
		}
		answer, err := answered(server, command, turn)
		if err != nil {
			return
		}
		if _, err := client.Write(answer); err != nil {
			return
		}
	}
}

func answered(server net.Conn, command []byte, turn *sync.Mutex) ([]byte, error) {
	turn.Lock()
	defer turn.Unlock()
	if _, err := server.Write(command); err != nil {
		return nil, err
	}
	return message(server)
}

// message reads one message whole; its first four bytes are its length.
func message(from io.Reader) ([]byte, error) {
	var length [4]byte
	if _, err := io.ReadFull(from, length[:]); err != nil {
		return nil, err
	}
	size := binary.LittleEndian.Uint32(length[:])
	if size < headerBytes || size > largestBytes {
		return nil, errors.New("this is not MongoDB's protocol")
	}
	whole := make([]byte, size)
	copy(whole, length[:])
	_, err := io.ReadFull(from, whole[len(length):])
	return whole, err
}
