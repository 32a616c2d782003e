package main

import (
	"fmt"
	"os"
	"strings"
)

// exported collects -x, -genv and -genvlist.
func exported(s *settings) ([]string, error) {
	env, err := keyValues("-genv", s.genv)
	if err != nil {
		return nil, err
	}
	for _, l := range s.genvList {
		env = append(env, listed(l)...)
	}
	for _, x := range s.export {
		switch name, _, set := strings.Cut(x, "="); {
		case name == "":
			return nil, fmt.Errorf("-x %q: no name", x)
		case set:
			env = append(env, x)
		default:
			if v, ok := os.LookupEnv(name); ok {
				env = append(env, name+"="+v)
			}
		}
	}
	return env, nil
}

// ofProgram collects -env and -envlist.
func ofProgram(s *settings) ([]string, error) {
	env, err := keyValues("-env", s.env)
	for _, l := range s.envList {
		env = append(env, listed(l)...)
	}
	return env, err
}

// listed are the variables of a list "A,B" that rainrun has.
func listed(list string) (env []string) {
	for _, name := range strings.Split(list, ",") {
		if v, ok := os.LookupEnv(name); ok && name != "" {
			env = append(env, name+"="+v)
		}
	}
	return env
}

func keyValues(option string, list []string) ([]string, error) {
	for _, kv := range list {
		if name, _, ok := strings.Cut(kv, "="); !ok || name == "" {
			return nil, fmt.Errorf("%s: expected a name and a value, got %q", option, kv)
		}
	}
	return list, nil
}
