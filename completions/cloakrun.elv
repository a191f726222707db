
use builtin;
use str;

set edit:completion:arg-completer[cloakrun] = {|@words|
    fn spaces {|n|
        builtin:repeat $n ' ' | str:join ''
    }
    fn cand {|text desc|
        edit:complex-candidate $text &display=$text' '(spaces (- 14 (wcswidth $text)))$desc
    }
    var command = 'cloakrun'
    for word $words[1..-1] {
        if (str:has-prefix $word '-') {
            break
        }
        set command = $command';'$word
    }
    var completions = [
        &'cloakrun'= {
            cand --color 'When to use colours'
            cand -c 'Configuration to use, instead of the cloakrun.yaml found upward from this directory'
            cand --config 'Configuration to use, instead of the cloakrun.yaml found upward from this directory'
            cand -q 'Say nothing besides the report, warnings and errors'
            cand --quiet 'Say nothing besides the report, warnings and errors'
            cand -v 'List every file that was read, however many there are'
            cand --verbose 'List every file that was read, however many there are'
            cand --no-config 'Use no configuration at all'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
            cand check 'Check both sides, and say what will fail'
            cand audit 'Check both sides, and say what will fail'
            cand accepts 'Say whether a Keycloak would accept a redirect URI for a client, and why or why not'
            cand audience 'Say which audiences the tokens of a client carry, and through which mapper'
            cand links 'Show which service talks through which client, and the clues'
            cand rules 'List the rules'
            cand explain 'Explain a rule: what breaks for whom, and what to do'
            cand schema 'Print the JSON Schema of the report, of a plan or of the configuration'
            cand completions 'Print a completion script for a shell'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'cloakrun;check'= {
            cand -f 'Format of the report'
            cand --format 'Format of the report'
            cand -o 'Write the report to FILE instead of standard output'
            cand --output 'Write the report to FILE instead of standard output'
            cand --report 'Write the report in another format to a file as well; may be repeated'
            cand --fail-on 'Lowest severity of a finding that makes the run fail'
            cand --min-severity 'Leave out findings below this severity; they then count for nothing'
            cand --rule 'Only these rules, also those that are off by default; may be repeated'
            cand --skip-rule 'Not these rules; may be repeated'
            cand --client 'Only what is about this client; may be repeated'
            cand --service 'Only what is about this service; may be repeated'
            cand --realm 'Only what is about this realm; may be repeated'
            cand --keycloak-version 'Version of the Keycloak server, such as 26.7.3; beats what files and configuration say'
            cand --color 'When to use colours'
            cand -c 'Configuration to use, instead of the cloakrun.yaml found upward from this directory'
            cand --config 'Configuration to use, instead of the cloakrun.yaml found upward from this directory'
            cand --allow-partial 'Let the run succeed although something could not be looked at'
            cand --show-suppressed 'Show what waivers accept, with their reasons'
            cand -q 'Say nothing besides the report, warnings and errors'
            cand --quiet 'Say nothing besides the report, warnings and errors'
            cand -v 'List every file that was read, however many there are'
            cand --verbose 'List every file that was read, however many there are'
            cand --no-config 'Use no configuration at all'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'cloakrun;audit'= {
            cand -f 'Format of the report'
            cand --format 'Format of the report'
            cand -o 'Write the report to FILE instead of standard output'
            cand --output 'Write the report to FILE instead of standard output'
            cand --report 'Write the report in another format to a file as well; may be repeated'
            cand --fail-on 'Lowest severity of a finding that makes the run fail'
            cand --min-severity 'Leave out findings below this severity; they then count for nothing'
            cand --rule 'Only these rules, also those that are off by default; may be repeated'
            cand --skip-rule 'Not these rules; may be repeated'
            cand --client 'Only what is about this client; may be repeated'
            cand --service 'Only what is about this service; may be repeated'
            cand --realm 'Only what is about this realm; may be repeated'
            cand --keycloak-version 'Version of the Keycloak server, such as 26.7.3; beats what files and configuration say'
            cand --color 'When to use colours'
            cand -c 'Configuration to use, instead of the cloakrun.yaml found upward from this directory'
            cand --config 'Configuration to use, instead of the cloakrun.yaml found upward from this directory'
            cand --allow-partial 'Let the run succeed although something could not be looked at'
            cand --show-suppressed 'Show what waivers accept, with their reasons'
            cand -q 'Say nothing besides the report, warnings and errors'
            cand --quiet 'Say nothing besides the report, warnings and errors'
            cand -v 'List every file that was read, however many there are'
            cand --verbose 'List every file that was read, however many there are'
            cand --no-config 'Use no configuration at all'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'cloakrun;accepts'= {
            cand --kind 'What the URI is'
            cand --batch 'Answer questions from a file of JSON Lines; `-` for standard input'
            cand --realm 'The realm, where several have a client of this id'
            cand -f 'Format of the answer'
            cand --format 'Format of the answer'
            cand --keycloak-version 'Version of the Keycloak server, such as 26.7.3; beats what files and configuration say'
            cand --color 'When to use colours'
            cand -c 'Configuration to use, instead of the cloakrun.yaml found upward from this directory'
            cand --config 'Configuration to use, instead of the cloakrun.yaml found upward from this directory'
            cand -q 'Say nothing besides the report, warnings and errors'
            cand --quiet 'Say nothing besides the report, warnings and errors'
            cand -v 'List every file that was read, however many there are'
            cand --verbose 'List every file that was read, however many there are'
            cand --no-config 'Use no configuration at all'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'cloakrun;audience'= {
            cand --scope 'An optional scope that is asked for besides `openid`; may be repeated'
            cand --user 'The user who logs in, by login name; without it a user with the default roles only'
            cand --realm 'The realm, where several have a client of this id'
            cand -f 'Format of the answer'
            cand --format 'Format of the answer'
            cand --keycloak-version 'Version of the Keycloak server, such as 26.7.3; beats what files and configuration say'
            cand --color 'When to use colours'
            cand -c 'Configuration to use, instead of the cloakrun.yaml found upward from this directory'
            cand --config 'Configuration to use, instead of the cloakrun.yaml found upward from this directory'
            cand --service-account 'The token that the client gets for itself (client credentials)'
            cand -q 'Say nothing besides the report, warnings and errors'
            cand --quiet 'Say nothing besides the report, warnings and errors'
            cand -v 'List every file that was read, however many there are'
            cand --verbose 'List every file that was read, however many there are'
            cand --no-config 'Use no configuration at all'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'cloakrun;links'= {
            cand --client 'Only what is about this client; may be repeated'
            cand --service 'Only what is about this service; may be repeated'
            cand --realm 'Only what is about this realm; may be repeated'
            cand --keycloak-version 'Version of the Keycloak server, such as 26.7.3; beats what files and configuration say'
            cand -f 'Format of the answer'
            cand --format 'Format of the answer'
            cand --color 'When to use colours'
            cand -c 'Configuration to use, instead of the cloakrun.yaml found upward from this directory'
            cand --config 'Configuration to use, instead of the cloakrun.yaml found upward from this directory'
            cand -q 'Say nothing besides the report, warnings and errors'
            cand --quiet 'Say nothing besides the report, warnings and errors'
            cand -v 'List every file that was read, however many there are'
            cand --verbose 'List every file that was read, however many there are'
            cand --no-config 'Use no configuration at all'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'cloakrun;rules'= {
            cand -f 'Format of the list'
            cand --format 'Format of the list'
            cand --color 'When to use colours'
            cand -c 'Configuration to use, instead of the cloakrun.yaml found upward from this directory'
            cand --config 'Configuration to use, instead of the cloakrun.yaml found upward from this directory'
            cand -q 'Say nothing besides the report, warnings and errors'
            cand --quiet 'Say nothing besides the report, warnings and errors'
            cand -v 'List every file that was read, however many there are'
            cand --verbose 'List every file that was read, however many there are'
            cand --no-config 'Use no configuration at all'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'cloakrun;explain'= {
            cand --color 'When to use colours'
            cand -c 'Configuration to use, instead of the cloakrun.yaml found upward from this directory'
            cand --config 'Configuration to use, instead of the cloakrun.yaml found upward from this directory'
            cand -q 'Say nothing besides the report, warnings and errors'
            cand --quiet 'Say nothing besides the report, warnings and errors'
            cand -v 'List every file that was read, however many there are'
            cand --verbose 'List every file that was read, however many there are'
            cand --no-config 'Use no configuration at all'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'cloakrun;schema'= {
            cand --color 'When to use colours'
            cand -c 'Configuration to use, instead of the cloakrun.yaml found upward from this directory'
            cand --config 'Configuration to use, instead of the cloakrun.yaml found upward from this directory'
            cand -q 'Say nothing besides the report, warnings and errors'
            cand --quiet 'Say nothing besides the report, warnings and errors'
            cand -v 'List every file that was read, however many there are'
            cand --verbose 'List every file that was read, however many there are'
            cand --no-config 'Use no configuration at all'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'cloakrun;completions'= {
            cand --color 'When to use colours'
            cand -c 'Configuration to use, instead of the cloakrun.yaml found upward from this directory'
            cand --config 'Configuration to use, instead of the cloakrun.yaml found upward from this directory'
            cand -q 'Say nothing besides the report, warnings and errors'
            cand --quiet 'Say nothing besides the report, warnings and errors'
            cand -v 'List every file that was read, however many there are'
            cand --verbose 'List every file that was read, however many there are'
            cand --no-config 'Use no configuration at all'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'cloakrun;help'= {
            cand check 'Check both sides, and say what will fail'
            cand accepts 'Say whether a Keycloak would accept a redirect URI for a client, and why or why not'
            cand audience 'Say which audiences the tokens of a client carry, and through which mapper'
            cand links 'Show which service talks through which client, and the clues'
            cand rules 'List the rules'
            cand explain 'Explain a rule: what breaks for whom, and what to do'
            cand schema 'Print the JSON Schema of the report, of a plan or of the configuration'
            cand completions 'Print a completion script for a shell'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'cloakrun;help;check'= {
        }
        &'cloakrun;help;accepts'= {
        }
        &'cloakrun;help;audience'= {
        }
        &'cloakrun;help;links'= {
        }
        &'cloakrun;help;rules'= {
        }
        &'cloakrun;help;explain'= {
        }
        &'cloakrun;help;schema'= {
        }
        &'cloakrun;help;completions'= {
        }
        &'cloakrun;help;help'= {
        }
    ]
    $completions[$command]
}
