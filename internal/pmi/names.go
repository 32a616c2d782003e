package pmi

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
)

// Published names: a program finds another's port by a name that both know. Blanks
// end a value, so they cannot stand in a name; a port may be empty.

// The requests about names.
const (
	cmdPublish   = "publish_name"
	cmdUnpublish = "unpublish_name"
	cmdLookup    = "lookup_name"
)

// NameResult answers a request about a name: failed, if not empty, says why not, and
// port is what a lookup has found.
func NameResult(m Message, port, failed string) string {
	answer := strings.TrimSuffix(m.Cmd(), "_name") + "_result"
	switch {
	case failed != "":
		return Line(answer, "info", "no", "rc", "1", "msg", strings.Join(strings.Fields(failed), "_"))
	case m.Cmd() == cmdLookup:
		return Line(answer, "info", "ok", "port", port, "rc", "0", "msg", "success")
	}
	return Line(answer, "info", "ok", "rc", "0", "msg", "success")
}

// ErrName is the launcher's refusal: it does not know the name, or another process
// has published it.
var ErrName = errors.New("the launcher refuses the name")

// Publish makes a port known under a name in what the launcher calls a universe.
func (c *Client) Publish(name, port string) error {
	_, err := c.name(cmdPublish, "service", nameOf(name), "port", port)
	return err
}

// Unpublish takes a name back.
func (c *Client) Unpublish(name string) error {
	_, err := c.name(cmdUnpublish, "service", nameOf(name))
	return err
}

// Lookup returns the port that was published under a name.
func (c *Client) Lookup(name string) (port string, err error) {
	m, err := c.name(cmdLookup, "service", nameOf(name))
	return m["port"], err
}

// nameOf is a name as the launcher gets it: a user's may hold blanks.
func nameOf(name string) string { return "rain-" + base64.RawURLEncoding.EncodeToString([]byte(name)) }

// name asks about a name. Launchers refuse by info, by rc, or by both.
func (c *Client) name(cmd string, pairs ...string) (Message, error) {
	if err := c.write(Line(cmd, pairs...)); err != nil {
		return nil, err
	}
	m, err := c.read()
	if err != nil {
		return nil, err
	}
	rc, info := m["rc"], m["info"]
	switch {
	case m.Cmd() != strings.TrimSuffix(cmd, "_name")+"_result":
		return nil, fmt.Errorf("the launcher answers %s with %v", cmd, m)
	case rc != "" && rc != "0", info != "" && info != "ok":
		return nil, fmt.Errorf("%w: %s", ErrName, strings.ReplaceAll(m["msg"], "_", " "))
	}
	return m, nil
}
